package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRegisterHasEveryAmbiguity(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	all := l.Ambiguities()
	if len(all) != 55 {
		t.Fatalf("%d entries, want 55", len(all))
	}
	for i, a := range all {
		if want := fmt.Sprintf("AMB-%02d", i+1); a.ID != want {
			t.Errorf("entry %d is %s, want %s", i, a.ID, want)
		}
		for _, s := range append([]string{a.Question, a.Concludes, a.Default.Means}, a.Evidence...) {
			if s == "" || len(s) > 200 || strings.ContainsAny(s, "\n\t") {
				t.Errorf("%s: not one line of at most 200 bytes: %q", a.ID, s)
			}
		}
		if !strings.HasSuffix(a.Question, "?") {
			t.Errorf("%s: not a question: %q", a.ID, a.Question)
		}
	}
}

func TestSwitchesOfTheMock(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"AMB-01": "basic-ok", "AMB-02": "basic-required", "AMB-03": "hmac-also",
		"AMB-04": "reject", "AMB-05": "reject", "AMB-06": "global", "AMB-08": "reject", "AMB-09": "store-all",
		"AMB-14": "strict", "AMB-16": "rfc3339", "AMB-17": "rfc3339",
		"AMB-18": "case-insensitive", "AMB-19": "case-insensitive", "AMB-21": "strict", "AMB-22": "102",
		"AMB-24": "refuse redirect", "AMB-27": "200", "AMB-29": "large-ids string-ids",
		"AMB-30": "body-only none", "AMB-31": "body-only none", "AMB-32": "control-only",
		"AMB-33": "six", "AMB-34": "2xx", "AMB-41": "lenient",
	}
	got := make(map[string]string)
	for _, a := range mustLoad(t).Ambiguities() {
		var names []string
		for _, o := range a.Others {
			names = append(names, o.Name)
		}
		if len(names) > 0 {
			got[a.ID] = strings.Join(names, " ")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("switchable readings (-want +register):\n%s", diff)
	}
}

func TestParseReading(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	for _, tt := range []struct {
		name, in string
		want     Reading
		wantErr  []string
	}{
		{"another reading", "AMB-05=reject", Reading{"AMB-05", "reject"}, nil},
		{"the default by name", "AMB-05=replay", Reading{"AMB-05", "replay"}, nil},
		{"a default that cannot be switched", "AMB-46=tcp-peer", Reading{"AMB-46", "tcp-peer"}, nil},
		{"spaces around", " AMB-24=refuse ", Reading{"AMB-24", "refuse"}, nil},
		{"an unknown name lists the possible ones", "AMB-24=ignore", Reading{}, []string{`"ignore"`, "AMB-24=error (default), AMB-24=refuse, AMB-24=redirect"}},
		{"an unknown id lists the switches", "AMB-99=x", Reading{}, []string{`"AMB-99"`, "AMB-01=basic-ok", "AMB-41=lenient"}},
		{"no name", "AMB-05", Reading{}, []string{"AMB-05=reject", "AMB-34=2xx"}},
		{"a question without a switch", "AMB-46=cidr", Reading{}, []string{"cannot be switched", "tcp-peer"}},
		{"nothing", "", Reading{}, []string{"such as AMB-05=reject"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := l.ParseReading(tt.in)
			if (err != nil) != (tt.wantErr != nil) {
				t.Fatalf("error %v", err)
			}
			for _, s := range tt.wantErr {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("error lacks %q: %v", s, err)
				}
			}
			if got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestReadings(t *testing.T) {
	t.Parallel()
	l := mustLoad(t)
	all, err := l.Readings()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 55 || all.Get("AMB-05") != "replay" || len(l.Chosen(all)) != 0 {
		t.Errorf("defaults: %d readings, AMB-05 %q, chosen %v", len(all), all.Get("AMB-05"), l.Chosen(all))
	}
	for _, chosen := range []Reading{{"AMB-04", "reject"}, {"AMB-05", "reject"}} {
		r, err := l.Readings(chosen)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Is("AMB-04", "reject") || !r.Is("AMB-05", "reject") || r.Is("AMB-08", "reject") {
			t.Errorf("%v switches AMB-04 %q, AMB-05 %q, AMB-08 %q", chosen, r.Get("AMB-04"), r.Get("AMB-05"), r.Get("AMB-08"))
		}
		if diff := cmp.Diff([]Reading{{"AMB-05", "reject"}}, l.Chosen(r)); diff != "" {
			t.Errorf("chosen (-want +got):\n%s", diff)
		}
	}
	if _, err := l.Readings(Reading{"AMB-04", "replay"}, Reading{"AMB-05", "reject"}); err == nil || !strings.Contains(err.Error(), "contradict") {
		t.Errorf("two readings of one switch: %v", err)
	}
	if _, err := l.Readings(Reading{"AMB-05", "nonsense"}); err == nil {
		t.Error("an unknown reading was taken")
	}
	var none Readings
	if none.Is("AMB-05", "reject") || none.Get("AMB-05") != "" {
		t.Error("nil readings are not the defaults")
	}
}
