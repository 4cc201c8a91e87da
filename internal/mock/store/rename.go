package store

// renamed is an id that a transaction was given after it was made.
type renamed struct {
	of kind
	id int64
}

// A kind is a ring of transactions.
type kind int

const (
	deposits kind = iota
	cashouts
)

// maxRenamed bounds what is remembered of renamed transactions. A run renames a handful.
const maxRenamed = 1000

// original is the id that a transaction was made with.
func (tx *Tx) original(of kind, id int64) int64 {
	if made, ok := tx.renamed[renamed{of, id}]; ok {
		return made
	}
	return id
}

// rename enters that the transaction of an id has another one. It refuses an id that stands
// in the ring, and one that was given before.
func (tx *Tx) rename(of kind, id, to int64) bool {
	taken := tx.deposits.get(to) != nil
	if of == cashouts {
		taken = tx.cashouts.get(to) != nil
	}
	if _, given := tx.renamed[renamed{of, to}]; taken || given || len(tx.renamed) >= maxRenamed {
		return false
	}
	tx.renamed[renamed{of, to}] = tx.original(of, id)
	return true
}
