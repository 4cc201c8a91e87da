package repro

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/d24conform/d24conform/internal/exchange"
	"github.com/d24conform/d24conform/internal/judge"
)

//go:embed common.sh
var common string

//go:embed lib.sh
var library string

//go:embed hooks.sh
var managementHooks string

// ErrNoRecipe says that a request holds something that cannot be made again.
var ErrNoRecipe = errors.New("cannot be made again by a script")

// Script is the script. What it cannot show again it says, and ends with 3.
func (p *Plan) Script() string {
	r := &renderer{plan: p, numbers: map[*exchange.Exchange]int{}, owners: map[string]int{}, makers: map[string]int{}, used: map[int]bool{}, names: map[string]bool{}}
	text, err := r.script()
	return p.orWhyNot(text, err)
}

// orWhyNot is a script, or one that says why there is none.
func (f *Fault) orWhyNot(script string, err error) string {
	why := f.Impossible
	switch {
	case why == "" && err == nil:
		return script
	case why == "":
		why = err.Error()
	}
	return f.head("the target", nil) + fmt.Sprintf("set -eu\n\nprintf '%%s\\n' %s\nexit 3\n", quote("CANNOT TELL: "+plain(why)))
}

// head tells a person what the script is about, who is judged by it, and what else there
// is to know.
func (f *Fault) head(who string, more []string) string {
	var b strings.Builder
	b.WriteString(f.about())
	fmt.Fprintf(&b, "#\n# It exits with 0 when %s behaves as the rule says, with 1 while it is wrong, with 2\n"+
		"# when a variable is missing, and with 3 when that cannot be told.\n", who)
	for _, text := range more {
		b.WriteString(strings.TrimRight("# "+plain(text), " ") + "\n")
	}
	return b.String()
}

// about tells a person what the script is about.
func (f *Fault) about() string {
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "# %-10s %s\n", label, plain(text))
		}
	}
	fmt.Fprintf(&b, "#!/bin/sh\n# %s: %s\n#\n", f.Rule, plain(f.Says))
	line("scenario", f.Scenario)
	line("at", f.Place)
	line("step", f.Step)
	line("expected", f.Expected)
	line("seen", f.Seen)
	line("fix", f.Fix)
	return b.String()
}

type renderer struct {
	plan    *Plan
	numbers map[*exchange.Exchange]int // of the calls, from 1
	owners  map[string]int             // our ids, by the call that had them first
	makers  map[string]int             // the target's ids, by the call whose answer told them
	used    map[int]bool               // calls whose object is referred to
	names   map[string]bool            // variables that the script needs
	blocks  []block
}

// A block is the text of one call or hook.
type block struct {
	text   string
	after  string // once it is sent
	number int    // of the call; 0 for a hook
	atOnce int
}

func (r *renderer) script() (string, error) {
	for _, act := range r.plan.Acts {
		if act.Call != nil {
			r.numbers[act.Call.Exchange] = len(r.numbers) + 1
		}
	}
	var undo []string
	fault := ""
	for _, act := range r.plan.Acts {
		if act.Hook != nil {
			line, err := r.hook(act.Hook)
			if err != nil {
				return "", err
			}
			if act.Hook.Undo {
				undo = append(undo, line)
				continue
			}
			fault = act.Hook.Name
			r.blocks = append(r.blocks, block{text: line})
			continue
		}
		b, err := r.call(act.Call)
		if err != nil {
			return "", fmt.Errorf("request %d (%s %s): %w", b.number, act.Call.Draft.Method, act.Call.Draft.Path, err)
		}
		b.after = r.after(act.Call, b.number, fault)
		fault = ""
		r.blocks = append(r.blocks, b)
		if id := judge.Read(act.Call.Exchange).ObjectID; id != "" {
			if _, known := r.makers[id]; !known {
				r.makers[id] = b.number
			}
		}
	}
	checks, err := r.checks()
	if err != nil {
		return "", err
	}
	return r.assemble(undo, checks), nil
}

// after is what has to be seen before the story can go on.
func (r *renderer) after(c *Call, number int, fault string) string {
	switch {
	case c.Part == "control", c.Part == "setup":
		return fmt.Sprintf("control %d\n", number)
	case fault == "respond_500_once" && c.AtOnce == 0: // of those at once nobody knows which will be failed
		return fmt.Sprintf("server_error %d\n", number)
	case fault == "drop_after_commit_once":
		return fmt.Sprintf("lost %d\n", number)
	}
	return ""
}

func (r *renderer) assemble(undo, checks []string) string {
	var b strings.Builder
	names := []string{}
	for name := range r.names {
		names = append(names, name)
	}
	slices.Sort(names)
	p := r.plan
	var needs []string
	if len(names) > 0 {
		needs = []string{
			"It needs curl 7.68 or later, openssl, and " + strings.Join(names, ", ") + ";",
			"D24_CA_FILE where the certificate's authority is a private one.",
		}
	}
	b.WriteString(p.head("the target", needs) + "set -eu\n\n" + common + "\n" + library)
	hooks := strings.Contains(strings.Join(undo, "")+r.text(), "hook ")
	switch {
	case hooks && !p.hasCommands():
		b.WriteString("\n" + managementHooks)
	case hooks:
		b.WriteString("\n" + p.commandHooks())
	}
	fmt.Fprintf(&b, "\n# --- %s ---\n\n", p.Rule)
	for _, name := range names {
		fmt.Fprintf(&b, "need %s %s\n", name, quote(meaning(name)))
	}
	fmt.Fprintf(&b, "# The target's clock minus this machine's, and how far off that may be.\nclock_offset_ms=%d clock_error_ms=%d\n",
		p.ClockOffset.Milliseconds(), p.ClockError.Milliseconds()+1)
	if len(undo) > 0 {
		slices.Reverse(undo)
		fmt.Fprintf(&b, "undo() {\n\t%s}\narmed=yes\n", strings.Join(undo, "\t"))
	}
	b.WriteString(r.text())
	b.WriteString("\n# What the rule says of the answers\n")
	for _, check := range checks {
		b.WriteString(check + "\n")
	}
	fmt.Fprintf(&b, "right %s\n", quote(p.Rule+": "+plain(p.Says)))
	return b.String()
}

// text is the blocks one after the other. Those that are alike stand once, in a loop.
func (r *renderer) text() string {
	var b strings.Builder
	for i := 0; i < len(r.blocks); {
		first := r.blocks[i]
		if first.number == 0 {
			b.WriteString("\n" + first.text)
			i++
			continue
		}
		n := 1
		for i+n < len(r.blocks) && r.alike(first, r.blocks[i+n]) {
			n++
		}
		b.WriteString("\n")
		if n == 1 {
			b.WriteString("n=" + strconv.Itoa(first.number) + "\n" + first.text)
		} else {
			fmt.Fprintf(&b, "for n in%s; do\n\t%sdone\n", r.sequence(i, n), strings.ReplaceAll(strings.TrimSuffix(first.text, "\n"), "\n", "\n\t")+"\n")
		}
		last := r.blocks[i+n-1]
		if last.atOnce != 0 && (i+n == len(r.blocks) || r.blocks[i+n].atOnce != last.atOnce) {
			b.WriteString("send_all\n")
		}
		b.WriteString(first.after)
		for _, each := range r.blocks[i : i+n] {
			if r.used[each.number] {
				fmt.Fprintf(&b, "object_of %d\nid%d=$id\n", each.number, each.number)
			}
		}
		i += n
	}
	return b.String()
}

func (r *renderer) alike(a, b block) bool {
	return b.number != 0 && a.text == b.text && a.after == "" && b.after == "" && a.atOnce == b.atOnce &&
		!strings.Contains(a.text, "while :") && (a.atOnce != 0 || (!r.used[a.number] && !r.used[b.number]))
}

func (r *renderer) sequence(from, n int) string {
	var b strings.Builder
	for _, each := range r.blocks[from : from+n] {
		b.WriteString(" " + strconv.Itoa(each.number))
	}
	return b.String()
}

// call is the text of one request.
func (r *renderer) call(c *Call) (block, error) {
	b := block{number: r.numbers[c.Exchange], atOnce: c.AtOnce}
	words := &wording{renderer: r, call: c, number: b.number}
	base, err := r.base(c)
	if err != nil {
		return b, err
	}
	recipe, err := words.recipe()
	if err != nil {
		return b, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "request \"$n\" %s %s \"$%s\" %s\n", quote(c.Part), quote(c.Draft.Method), base, words.path())
	if c.From != "" {
		fmt.Fprintf(&text, "from=${D24_UNLISTED_IP-%s}\n", quote(c.From))
	}
	text.WriteString(recipe)
	switch {
	case c.AtOnce != 0:
		text.WriteString("queue\n")
	case c.Abandoned:
		text.WriteString("abandon\n")
	case c.Part == "retry":
		text.WriteString("again_while_in_use\n")
	default:
		text.WriteString("send\n")
	}
	b.text = text.String()
	if c.Moved != nil {
		b.text = "attempt=0\nwhile :; do\n\tappoint\n\t" + strings.ReplaceAll(b.text, "\n", "\n\t") +
			"[ -n \"$slow\" ] || break\n\tattempt=$((attempt + 1))\n" +
			"\t[ \"$attempt\" -lt 5 ] || unclear 'the way to the target is too slow to tell'\n\trun=${run}r\ndone\n"
	}
	return b, nil
}

// base is the variable with the address that a call went to.
func (r *renderer) base(c *Call) (string, error) {
	address := strings.TrimSuffix(c.Exchange.Request.URL, c.Draft.Path)
	environments := []Environment{r.plan.First}
	if r.plan.Second != nil {
		environments = append(environments, *r.plan.Second)
	}
	for i, e := range environments {
		prefix := ""
		if i > 0 {
			prefix = secondPrefix
		}
		switch address {
		case strings.TrimSuffix(e.BaseURL, "/"):
			return r.need(prefix + "D24_BASE_URL"), nil
		case strings.TrimSuffix(e.PlainHTTPURL, "/"):
			return r.need(prefix + "D24_PLAIN_HTTP_URL"), nil
		}
	}
	return "", fmt.Errorf("its address is not one of the target's: %w", ErrNoRecipe)
}

// need notes that the script needs a variable.
func (r *renderer) need(name string) string {
	r.names[name] = true
	return name
}

// hook is the line that makes the target do something.
func (r *renderer) hook(h *Hook) (string, error) {
	if !r.plan.hasCommands() && !strings.Contains(managementHooks, "\t"+h.Name+")") {
		return "", fmt.Errorf("hook %s: %w", h.Name, ErrNoRecipe)
	}
	words := []string{"hook", h.Name}
	if h.Second {
		words[0] = "second_hook"
	}
	for _, argument := range h.Arguments {
		words = append(words, r.reference(argument))
	}
	return strings.Join(words, " ") + "\n", nil
}

// reference is a word that may be an id of the target or of ours.
func (r *renderer) reference(word string) string {
	if number, ok := r.makers[word]; ok {
		r.used[number] = true
		return fmt.Sprintf("\"$id%d\"", number)
	}
	return r.ours(word, 0)
}

// commandHooks are the target's own commands, as they are configured.
func (p *Plan) commandHooks() string {
	return "# --- what the target is made to do: by the commands of its configuration, run in the\n" +
		"# directory of that file (D24_HOOKS_DIR, else the working directory) ---\n" +
		shellFunction("hook", p.Commands) + shellFunction("second_hook", p.SecondCommands)
}

// hasCommands says whether the target is made to do things by commands of its own.
func (p *Plan) hasCommands() bool { return p.Commands != nil || p.SecondCommands != nil }

// shellFunction runs one environment's commands by the name of the hook; empty without any.
func shellFunction(function string, commands map[string][]string) string {
	if len(commands) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\n" + function + "() { # NAME VALUE…\n\tsay \"    hook       $*\"\n\tcase $1 in\n")
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		fmt.Fprintf(&b, "\t%s) (cd \"${D24_HOOKS_DIR-.}\" &&", name)
		for i, argument := range commands[name] {
			word := quote(argument)
			if i > 0 {
				word = parameters(name).Replace(word)
			}
			b.WriteString(" " + word)
		}
		b.WriteString(") || unclear \"hook $1 failed\" ;;\n")
	}
	b.WriteString("\t*) unclear \"there is no hook $1\" ;;\n\tesac\n}\n")
	return b.String()
}

// parameters puts a hook's values, which are $2 and $3, in the place of its placeholders.
func parameters(hook string) *strings.Replacer {
	one, two := `'"$2"'`, `'"$3"'`
	if strings.HasPrefix(hook, "whitelist_") {
		return strings.NewReplacer("{product}", one, "{ip}", two)
	}
	return strings.NewReplacer("{deposit_id}", one, "{refund_id}", one, "{cashout_id}", one, "{amount}", one, "{ms}", one, "{invoice_id}", one)
}

// checks are the lines that judge.
func (r *renderer) checks() ([]string, error) {
	var lines []string
	for _, check := range r.plan.Checks {
		var calls, given []string
		for _, e := range check.Calls {
			number, ok := r.numbers[e]
			if !ok {
				return nil, fmt.Errorf("an answer that is judged was not recorded: %w", ErrNoRecipe)
			}
			calls = append(calls, strconv.Itoa(number))
		}
		for _, w := range check.Words {
			given = append(given, r.reference(w))
		}
		words := slices.Concat(calls, given)
		if check.First {
			words = slices.Concat(given, calls)
		}
		lines = append(lines, check.Name+" "+strings.Join(words, " "))
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("what the rule says of the answers %w", ErrNoRecipe)
	}
	return lines, nil
}

// quote is a text as one word of a shell. Plain words stay as they are.
func quote(text string) string {
	if text != "" && !strings.ContainsFunc(text, func(c rune) bool {
		return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_./:,", c)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// Words is an argument list as one types it.
func Words(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = quote(arg)
	}
	return strings.Join(words, " ")
}

// plain is a text for one line of a comment or of a sentence: a target may have sent it.
func plain(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, text)
}

// meaning tells a person what a variable is.
func meaning(name string) string {
	text, second := strings.CutPrefix(name, secondPrefix)
	what := map[string]string{
		"D24_BASE_URL":       "the address of the API, such as https://127.0.0.1:8443",
		"D24_PLAIN_HTTP_URL": "the address where plain HTTP must fail, such as http://127.0.0.1:8080",
	}[text]
	if what == "" {
		what = "one of the merchant's keys"
	}
	if second {
		what += ", of the second environment"
	}
	return what
}
