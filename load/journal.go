package load

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// An outcome is how an attempt ended, as far as its sender can know.
type outcome uint8

// Outcomes.
const (
	answered outcome = iota // whole
	unsent                  // nothing of it left this machine
	lost                    // sent, and the connection ended before an answer began
	torn                    // … in the middle of the answer
	timeout                 // sent, and no answer in time
)

// String is the outcome's name among the classes of errors.
func (o outcome) String() string {
	return [...]string{"answered", "not sent", "lost", "torn", "timeout"}[o]
}

// ambiguous says that the server may have done what was asked, or not.
func (o outcome) ambiguous() bool { return o >= lost }

// Marks on a record.
const (
	markAccepted uint8 = 1 << iota // a 2xx that names an object
	markResult                     // the key's own answer, which every later one has to repeat
	markExists                     // says that the key's object is there, without naming it
	markError                      // not what the profile expects
	markResolve                    // asked after the run, about an attempt whose answer was lost
	markSettled                    // says that the key's object is not there
)

// A record is one attempt.
type record struct {
	seq       uint32 // of the schedule; of a resolve, that of nobody
	key       uint32
	date      uint32 // X-Date, in seconds since 1970; 0 = none
	op        Op
	try       uint8 // 0, and 1 and so on when it was tried again
	outcome   outcome
	marks     uint8
	status    uint16
	bytesIn   uint16 // as far as 65,535
	body      uint64 // digest of what was sent
	answer    uint64 // digest of status and body of what came
	object    uint64 // see objectOf
	scheduled time.Duration
	late      time.Duration // from there to the beginning of the attempt
	took      time.Duration // from there to its end
}

// recordSize is the length of a record in the file. A million attempts are 64 MB.
const recordSize = 64

// encode writes the record into 64 bytes. Durations are kept in microseconds, which
// 32 bits hold for 71 minutes; the moment it was due in 40 bits, for 12 days.
func (r *record) encode(b []byte) {
	_ = b[recordSize-1]
	le := binary.LittleEndian
	le.PutUint32(b[0:], r.seq)
	le.PutUint32(b[4:], r.key)
	le.PutUint32(b[8:], r.date)
	b[12], b[13], b[14], b[15] = byte(r.op), r.try, byte(r.outcome), r.marks
	le.PutUint16(b[16:], r.status)
	le.PutUint16(b[18:], r.bytesIn)
	le.PutUint32(b[20:], 0)
	le.PutUint64(b[24:], r.body)
	le.PutUint64(b[32:], r.answer)
	le.PutUint64(b[40:], r.object)
	le.PutUint64(b[48:], uint64(r.scheduled.Microseconds())) //nolint:gosec // never negative
	le.PutUint32(b[56:], micros(r.late))
	le.PutUint32(b[60:], micros(r.took))
}

func (r *record) decode(b []byte) {
	_ = b[recordSize-1]
	le := binary.LittleEndian
	*r = record{
		seq: le.Uint32(b[0:]), key: le.Uint32(b[4:]), date: le.Uint32(b[8:]),
		op: Op(b[12]), try: b[13], outcome: outcome(b[14]), marks: b[15],
		status: le.Uint16(b[16:]), bytesIn: le.Uint16(b[18:]),
		body: le.Uint64(b[24:]), answer: le.Uint64(b[32:]), object: le.Uint64(b[40:]),
		scheduled: time.Duration(le.Uint64(b[48:])) * time.Microsecond, //nolint:gosec // written by encode
		late:      time.Duration(le.Uint32(b[56:])) * time.Microsecond,
		took:      time.Duration(le.Uint32(b[60:])) * time.Microsecond,
	}
}

func micros(d time.Duration) uint32 {
	return uint32(min(max(d.Microseconds(), 0), 1<<32-1))
}

// digest is the first eight bytes of SHA-256: anybody can make it again, and among a
// million answers two differ without being noticed once in 37 million runs.
func digest(text []byte) uint64 {
	sum := sha256.Sum256(text)
	return binary.LittleEndian.Uint64(sum[:])
}

// A header is the first line of a journal: what a reader has to know.
type header struct {
	Format  string    `json:"format"`
	Run     string    `json:"run"`
	Profile string    `json:"profile"`
	Seed    uint64    `json:"seed"`
	Began   time.Time `json:"began"`
}

// journalFormat is the first thing that a reader checks.
const journalFormat = "d24conform/journal/v1"

// A journal is the file of all attempts. Connections write into it in pages of their
// own, so that they hardly ever meet.
type journal struct {
	mu   sync.Mutex
	file *os.File
	w    *bufio.Writer
	err  error // the first one; a journal that is not whole proves nothing
}

func createJournal(path string, h header) (*journal, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("create the journal: %w", err)
	}
	h.Format = journalFormat
	line, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("create the journal: %w", err)
	}
	j := &journal{file: file, w: bufio.NewWriterSize(file, 256<<10)}
	j.add(append(line, '\n'))
	return j, nil
}

func (j *journal) add(data []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		_, j.err = j.w.Write(data)
	}
}

// flush brings everything that pages have handed over into the file.
func (j *journal) flush() error {
	j.mu.Lock()
	if j.err == nil {
		j.err = j.w.Flush()
	}
	j.mu.Unlock()
	return j.failed()
}

// failed says why the journal is not whole, if it is not.
func (j *journal) failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return fmt.Errorf("write the journal: %w", j.err)
	}
	return nil
}

func (j *journal) close() error { return errors.Join(j.flush(), j.file.Close()) }

// A page collects the records of one connection.
type page struct {
	journal *journal
	data    []byte
}

// pageRecords are handed over at once: 16 KB for each connection.
const pageRecords = 256

func (p *page) add(r *record) {
	n := len(p.data)
	p.data = append(p.data, make([]byte, recordSize)...)
	r.encode(p.data[n:])
	if len(p.data) >= pageRecords*recordSize {
		p.flush()
	}
}

func (p *page) flush() {
	p.journal.add(p.data)
	p.data = p.data[:0]
}

// readJournal calls each for every record, in the order of the file, which is not
// quite that of time.
func readJournal(r io.Reader, each func(header, *record)) (header, error) {
	br := bufio.NewReaderSize(r, 256<<10)
	line, err := br.ReadBytes('\n')
	var h header
	if err == nil {
		err = json.Unmarshal(line, &h)
	}
	if err != nil || h.Format != journalFormat {
		return h, fmt.Errorf("read the journal: it does not begin as one of %s", journalFormat)
	}
	var data [recordSize]byte
	var rec record
	for {
		switch _, err := io.ReadFull(br, data[:]); {
		case err == io.EOF: // io.ReadFull returns it bare
			return h, nil
		case err != nil:
			return h, fmt.Errorf("read the journal: it ends in the middle of a record: %w", err)
		}
		rec.decode(data[:])
		if rec.op >= operations || rec.outcome > timeout {
			return h, errors.New("read the journal: a record is damaged")
		}
		each(h, &rec)
	}
}

func readJournalFile(path string, each func(header, *record)) (header, error) {
	file, err := os.Open(path)
	if err != nil {
		return header{}, fmt.Errorf("read the journal: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	return readJournal(file, each)
}
