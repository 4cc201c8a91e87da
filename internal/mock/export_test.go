package mock

// Meeting is how many requests are in the gap of a race mutant.
func (m *Mock) Meeting() int { return int(m.first.meeting.Load()) }
