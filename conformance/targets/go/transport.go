package main

import (
	"errors"
	"syscall"
)

// A buffered protocol and its stream transport, as asyncio has them, in Go: what
// is tested here.  A callback that raises returns an error.

type protocol interface {
	connectionMade(t *transport) error
	eofReceived() (keepOpen bool, err error)
	connectionLost(reason error) error
	pauseWriting() error
	resumeWriting() error
}

type bufferedProtocol interface {
	protocol
	getBuffer(sizeHint int) ([]byte, error)
	bufferUpdated(nbytes int) error
}

type plainProtocol interface {
	protocol
	dataReceived(data []byte) error
}

var (
	errType  = errors.New("not a buffer")
	errValue = errors.New("a limit is out of range")
	errState = errors.New("not now")
)

const (
	open    = iota
	closing // what is buffered goes out first
	losing  // connectionLost is on its way
	lost
)

const (
	highDefault = 65536
	inputSize   = 65536
	notGiven    = -1 << 31 // of setLimits
)

type transport struct {
	loop                        *loop
	descriptor                  int
	protocol                    protocol
	exception                   func(error)
	stage                       int
	started, paused, eofSeen    bool
	eofWritten, shut, toldPause bool
	backlog                     []byte
	high, low                   int
	reason                      error
	input                       []byte
}

// newTransport owns the descriptor of a connected socket, which does not block.
func newTransport(l *loop, descriptor int, p protocol, exception func(error)) *transport {
	t := &transport{loop: l, descriptor: descriptor, protocol: p, exception: exception,
		high: highDefault, low: highDefault / 4}
	l.soon(t.start)
	return t
}

func (t *transport) start() {
	if err := t.protocol.connectionMade(t); err != nil {
		t.exception(err)
	}
	t.started = true
	t.watch()
}

func (t *transport) mayRead() bool { return t.started && t.stage == open && !t.paused && !t.eofSeen }

func (t *transport) watch() {
	if t.stage < losing {
		t.watchFor(t.mayRead(), len(t.backlog) > 0)
	}
}

func (t *transport) watchFor(readable, writable bool) {
	if err := t.loop.watch(int32(t.descriptor), readable, writable, t.ready); err != nil && t.stage < losing {
		t.fail(err)
	}
}

func (t *transport) ready(readable, writable bool) {
	if readable && t.mayRead() {
		t.read()
	}
	if writable && len(t.backlog) > 0 {
		t.flush()
	}
	t.watch()
}

// ---- Reading

func isTransient(err error) bool { return err == syscall.EAGAIN || err == syscall.EINTR }

func (t *transport) read() {
	switch p := t.protocol.(type) {
	case bufferedProtocol:
		t.readBuffered(p)
	case plainProtocol:
		t.readPlain(p)
	}
}

func (t *transport) readBuffered(p bufferedProtocol) {
	buffer, err := p.getBuffer(-1)
	if err == nil && buffer == nil {
		err = errType
	} else if err == nil && len(buffer) == 0 {
		err = errState
	}
	if err != nil {
		t.failProtocol(err)
		return
	}
	// getBuffer may have closed, paused or switched: nothing was received yet.
	if !t.mayRead() || t.protocol != protocol(p) {
		return
	}
	if count := t.receive(buffer); count > 0 {
		if err := p.bufferUpdated(count); err != nil {
			t.failProtocol(err)
		}
	}
}

func (t *transport) readPlain(p plainProtocol) {
	if t.input == nil {
		t.input = make([]byte, inputSize)
	}
	if count := t.receive(t.input); count > 0 {
		if err := p.dataReceived(t.input[:count]); err != nil {
			t.failProtocol(err)
		}
	}
}

// receive has dealt with everything but bytes.
func (t *transport) receive(buffer []byte) int {
	count, err := syscall.Read(t.descriptor, buffer)
	if err != nil {
		if !isTransient(err) {
			t.fail(err)
		}
		return 0
	}
	if count == 0 {
		t.receiveEOF()
	}
	return count
}

func (t *transport) receiveEOF() {
	t.eofSeen = true
	keepOpen, err := t.protocol.eofReceived()
	if err != nil {
		t.failProtocol(err)
	} else if !keepOpen {
		t.close()
	}
}

func (t *transport) pauseReading() {
	if t.stage == open {
		t.paused = true
		t.watch()
	}
}

func (t *transport) resumeReading() {
	if t.stage == open {
		t.paused = false
		t.watch()
	}
}

func (t *transport) isReading() bool { return t.stage == open && !t.paused }

// ---- Writing

func (t *transport) write(data []byte) error {
	if t.eofWritten {
		return errState
	}
	if len(data) == 0 || t.stage != open {
		return nil
	}
	taken := 0
	if len(t.backlog) == 0 {
		count, err := syscall.Write(t.descriptor, data)
		if err != nil && !isTransient(err) {
			t.fail(err)
			return nil
		}
		if err == nil {
			taken = count
		}
	}
	if taken < len(data) {
		t.backlog = append(t.backlog, data[taken:]...)
		t.watch()
		t.grown()
	}
	return nil
}

func (t *transport) writelines(lines [][]byte) error {
	if len(lines) == 0 {
		return nil
	}
	all := []byte{}
	for _, line := range lines {
		all = append(all, line...)
	}
	return t.write(all)
}

func (t *transport) writeEOF() {
	if t.stage == open && !t.eofWritten {
		t.eofWritten = true
		t.shutDown()
	}
}

func (t *transport) shutDown() {
	if !t.eofWritten || t.shut || len(t.backlog) > 0 {
		return
	}
	t.shut = true
	if err := syscall.Shutdown(t.descriptor, syscall.SHUT_WR); err != nil {
		t.fail(err)
	}
}

func (t *transport) flush() {
	count, err := syscall.Write(t.descriptor, t.backlog)
	if err != nil {
		if !isTransient(err) {
			t.fail(err)
		}
		return
	}
	t.backlog = t.backlog[count:]
	if t.toldPause && len(t.backlog) <= t.low {
		t.toldPause = false
		t.tell(t.protocol.resumeWriting)
	}
	if len(t.backlog) > 0 {
		return
	}
	if t.stage == closing {
		t.lose(nil)
	} else if t.stage == open {
		t.shutDown()
	}
}

// ---- Flow control

func (t *transport) tell(callback func() error) {
	if err := callback(); err != nil {
		t.exception(err)
	}
}

func (t *transport) grown() {
	if !t.toldPause && len(t.backlog) > t.high {
		t.toldPause = true
		t.tell(t.protocol.pauseWriting)
	}
}

func (t *transport) setLimits(high, low int) error {
	if low != notGiven && low < 0 {
		return errValue
	}
	if high == notGiven {
		high = highDefault
		if low != notGiven {
			high = 4 * low
		}
	}
	if low == notGiven {
		low = high / 4
	}
	if low < 0 || high < low {
		return errValue
	}
	t.high, t.low = high, low
	t.grown()
	return nil
}

// ---- The end

func (t *transport) close() {
	if t.stage != open {
		return
	}
	t.stage = closing
	if len(t.backlog) == 0 {
		t.lose(nil)
	} else {
		t.watch()
	}
}

func (t *transport) abort() {
	if t.stage < losing {
		t.lose(nil)
	}
}

func (t *transport) fail(err error) {
	if t.stage < losing {
		t.lose(err)
	}
}

func (t *transport) failProtocol(err error) {
	t.exception(err)
	t.fail(err)
}

func (t *transport) lose(reason error) {
	t.stage, t.reason, t.backlog = losing, reason, nil
	t.watchFor(false, false)
	t.loop.soon(func() {
		t.stage = lost
		if err := t.protocol.connectionLost(t.reason); err != nil {
			t.exception(err)
		}
		_ = syscall.Close(t.descriptor)
	})
}

// release throws away what a run has left.
func (t *transport) release() {
	if t.stage != lost {
		t.stage = lost
		_ = syscall.Close(t.descriptor)
	}
}
