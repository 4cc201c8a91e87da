package mock

// rests says which checks cannot be made of a request that an earlier one was excused
// for: without X-Login nobody can say whose signature it is.
func rests(check string) []string {
	return map[string][]string{
		"authorization":       {"authorization-form", "signature", "key"},
		"login-header":        {"login"},
		"date-header":         {"date-form", "date-fresh"},
		"date-form":           {"date-fresh"},
		"content-type-header": {"content-type"},
		"login-sent":          {"login"},
		"pass-sent":           {"pass"},
		"control":             {"signature"},
	}[check]
}

// excuse has an operation's check accept what it ought to refuse, where applies says so.
// An empty name of an operation means all. Checks that rest on the excused one are not
// made; all others are.
func excuse(r *rulebook, operationName, checkName string, applies func(c *call) bool) {
	change(r, operationName, func(list []check) {
		at, found := indexOf(list, checkName)
		if !found {
			return
		}
		refuse := list[at].refuse
		list[at].refuse = func(c *call) *answer {
			refusal := refuse(c)
			if refusal == nil || !applies(c) {
				return refusal
			}
			c.pardon(checkName, refusal)
			return nil
		}
		for _, name := range rests(checkName) {
			if next, there := indexOf(list, name); there {
				refuse := list[next].refuse
				list[next].refuse = func(c *call) *answer {
					if c.pardoned != nil && c.pardoned.check == checkName {
						return nil
					}
					return refuse(c)
				}
			}
		}
	})
}

// A pardon is a check that a mutant let a call pass, and what that check said.
type pardon struct {
	check   string
	refusal *answer
}

// pardon lets the call go on in spite of a refusal. Who cannot be known is taken for the
// environment's own merchant.
func (c *call) pardon(checkName string, refusal *answer) {
	c.pardoned = &pardon{checkName, refusal}
	if c.caller == nil {
		c.caller = c.env.only()
	}
}

// always has a change apply to every call.
func always(*call) bool { return true }

// change has the lists of checks of an operation changed, or of all when it has no name.
func change(r *rulebook, operationName string, edit func(list []check)) {
	before := r.checks
	r.checks = func(op *operation) {
		before(op)
		if operationName == "" || op.name == operationName {
			edit(op.arrival)
			edit(op.caller)
			edit(op.business)
		}
	}
}

func indexOf(list []check, name string) (at int, found bool) {
	for i := range list {
		if list[i].name == name {
			return i, true
		}
	}
	return 0, false
}
