package store

// A ring holds the newest objects of one kind by their consecutive ids. Finding
// one is an index, adding one to a full ring pushes the oldest out.
type ring[T any] struct {
	base, next int64 // the id of the first object ever, and of the next one
	limit      int
	slots      []*T
}

func newRing[T any](limit int, base int64) ring[T] {
	return ring[T]{base: base, next: base, limit: limit}
}

// add gives the object the next id and returns it, and the object that had to go,
// if any.
func (r *ring[T]) add(object *T) (id int64, evicted *T) {
	id = r.next
	r.next++
	if len(r.slots) < r.limit {
		r.slots = append(r.slots, object)
		return id, nil
	}
	slot := r.slot(id)
	evicted, r.slots[slot] = r.slots[slot], object
	return id, evicted
}

func (r *ring[T]) get(id int64) *T {
	if id >= r.next || id < r.next-int64(len(r.slots)) {
		return nil
	}
	return r.slots[r.slot(id)]
}

func (r *ring[T]) slot(id int64) int {
	return int((id - r.base) % int64(r.limit))
}

// all visits the objects from the oldest to the newest.
func (r *ring[T]) all(visit func(*T)) {
	for id := r.next - int64(len(r.slots)); id < r.next; id++ {
		visit(r.slots[r.slot(id)])
	}
}

// added is how many objects there ever were.
func (r *ring[T]) added() int { return int(r.next - r.base) }
