package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

// survived judges the answers after the first, which is the control: a repeat must not
// make the receiver fail. Whether it is refused is the receiver's own affair.
func (r *receiver) survived() error {
	for _, o := range r.objects {
		for i, e := range o.answers {
			finding := judge.Finding{Expected: "a repeat that is answered without an error of the receiver's own", Seen: judge.Describe(e), Exchanges: o.answers}
			switch {
			case i == 0 && e.Status()/100 != 2:
				finding.Outcome, finding.Expected = judge.Unclear, "a first notification that is answered 2xx"
			case e.Failure != nil && e.Failure.Kind == exchange.FailureTimeout:
				finding.Outcome = judge.Unclear
			case e.Failure != nil || e.Status()/100 == 5:
				finding.Outcome = judge.Broken
			default:
				continue
			}
			return held(finding)
		}
	}
	return nil
}

// saysAnswer notes how repeats are answered.
func (r *receiver) saysAnswer() error {
	var answers []string
	for _, o := range r.objects {
		for _, e := range o.answers[min(1, len(o.answers)):] {
			if text := judge.Describe(e); !slices.Contains(answers, text) {
				answers = append(answers, text)
			}
		}
	}
	return &noted{"a repeat is answered by " + strings.Join(answers, ", ")}
}

// says notes which objects were released.
func (r *receiver) says(ctx context.Context) error {
	numbers, err := r.releases(ctx, r.objects, nil)
	if err != nil {
		return err
	}
	var yes, no []string
	for i, o := range r.objects {
		name := strings.TrimPrefix(o.marked, "notified ")
		if name == "" {
			name = string(o.about.Kind) + " " + o.about.ID
		}
		if numbers[i] > o.before {
			yes = append(yes, name)
		} else {
			no = append(no, name)
		}
	}
	if len(yes) > 0 {
		if asks, err := r.asksByItself(ctx); err != nil || asks != nil {
			return cmpError(err, asks)
		}
	}
	return &noted{strings.Join(slices.DeleteFunc([]string{listed("released: ", yes), listed("not released: ", no)}, func(s string) bool { return s == "" }), ". ")}
}

func listed(head string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return head + strings.Join(names, "; ")
}

// paidAs notes whether a form that has nothing but control was taken, by the names that the
// register has for it.
func (r *receiver) paidAs(ctx context.Context, ambiguity string) error {
	numbers, err := r.releases(ctx, r.objects, some)
	switch {
	case err != nil:
		return err
	case numbers[0] > 0:
		return r.note(ambiguity, "control-only")
	}
	return r.note(ambiguity, "control-and-signature")
}
