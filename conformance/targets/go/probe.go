package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"syscall"
)

// The probe: a protocol that reports every callback, and does in it what it is told.

const (
	poison  = 0xA5
	guarded = 65536 // of a buffer, at most this much is filled and looked at
	kept    = 4
)

// raised is what the probe raises.
type raised int

func (r raised) Error() string { return fmt.Sprintf("raised by the probe: number %d", int(r)) }

// kindOf gives the words for an error.
func kindOf(err error) []any {
	var number syscall.Errno
	var own raised
	switch {
	case err == nil:
		return []any{"none"}
	case errors.As(err, &own):
		return []any{"probe", int(own)}
	case errors.As(err, &number):
		return []any{"os", int(number)}
	case errors.Is(err, errType):
		return []any{"type"}
	case errors.Is(err, errValue):
		return []any{"value"}
	case errors.Is(err, errState):
		return []any{"runtime"}
	}
	return []any{"other"}
}

// given is a buffer that getBuffer has returned.
type given struct {
	memory []byte
	nth    int
	read   bool
}

func (g *given) guard() []byte { return g.memory[:min(len(g.memory), guarded)] }

func (g *given) fill() {
	guard := g.guard()
	for i := range guard {
		guard[i] = poison
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// connection is one connection of a run, with its protocol objects.
type connection struct {
	run       *run
	index     int
	transport *transport
	objects   map[int]protocol
	buffers   []*given
	asked     int
}

type base struct {
	of     *connection
	number int
}

type bufferedProbe struct{ base }
type plainProbe struct{ base }

func (c *connection) object(number int, buffered bool) protocol {
	if c.objects[number] == nil && buffered {
		c.objects[number] = &bufferedProbe{base{c, number}}
	} else if c.objects[number] == nil {
		c.objects[number] = &plainProbe{base{c, number}}
	}
	return c.objects[number]
}

// showTouched tells of buffers that were written to outside their span.
func (c *connection) showTouched() {
	for _, buffer := range c.buffers {
		guard := buffer.guard()
		if buffer.read && bytes.Count(guard, []byte{poison}) != len(guard) {
			c.run.lines.tell("memory", c.index, buffer.nth, toHex(guard))
			buffer.fill()
		}
	}
}

func (b *base) begin(event string, more ...any) []string {
	b.of.showTouched()
	return b.of.run.makeCalls(b.of.run.lines.ask(append([]any{"begin", event, b.of.index, b.number}, more...)...))
}

func errorOf(decision []string) error {
	if decision[1] != "raise" {
		return nil
	}
	number, _ := strconv.Atoi(decision[2])
	return raised(number)
}

func (b *base) callback(event string, more ...any) error {
	decision := b.begin(event, more...)
	b.of.run.end("end")
	return errorOf(decision)
}

func (b *base) connectionMade(t *transport) error {
	b.of.transport = t
	return b.callback("connection_made")
}

func (b *base) eofReceived() (bool, error) {
	decision := b.begin("eof_received")
	b.of.run.end("end")
	return decision[1] == "return" && decision[2] == "true", errorOf(decision)
}

func (b *base) connectionLost(reason error) error {
	return b.callback("connection_lost", kindOf(reason)...)
}

func (b *base) pauseWriting() error  { return b.callback("pause_writing") }
func (b *base) resumeWriting() error { return b.callback("resume_writing") }

func (b *bufferedProbe) getBuffer(sizeHint int) ([]byte, error) {
	c := b.of
	if last := len(c.buffers) - 1; last >= 0 && !c.buffers[last].read {
		c.buffers[last].fill()
		c.buffers[last].read = true
	}
	decision := b.begin("get_buffer", sizeHint)
	c.asked++
	if err := errorOf(decision); err != nil {
		c.run.end("end")
		return nil, err
	}
	size, _ := strconv.Atoi(decision[3])
	if decision[2] == "none" {
		c.run.end("end")
		return nil, nil
	}
	buffer := &given{memory: make([]byte, size), nth: c.asked}
	buffer.fill()
	c.buffers = append(c.buffers, buffer)
	if len(c.buffers) > kept {
		c.buffers = c.buffers[1:]
	}
	c.run.end("end", size)
	return buffer.memory, nil
}

func (b *bufferedProbe) bufferUpdated(nbytes int) error {
	content := []byte{}
	if last := len(b.of.buffers) - 1; last >= 0 {
		buffer := b.of.buffers[last]
		most := len(buffer.guard())
		if nbytes > most {
			most = min(nbytes, len(buffer.memory))
		}
		content = append(content, buffer.memory[:most]...)
		buffer.fill()
		buffer.read = true
	}
	return b.callback("buffer_updated", nbytes, toHex(content))
}

func (p *plainProbe) dataReceived(data []byte) error {
	return p.callback("data_received", toHex(data))
}
