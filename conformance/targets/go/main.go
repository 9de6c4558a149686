// An adapter in Go: a small stream transport over epoll (transport.go), a probe for
// it (probe.go), and the harness in lines (lines.go).  Go's programs are static:
// nothing can be preloaded under them.  Build: scripts/targets.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

const (
	capabilities = "half_close,write_eof,pause,is_reading,flow_control,limits_query,set_protocol,plain,writelines," +
		"raise,connections"
	// As the harness's own peer: small, so that one who does not read is felt soon.
	sendBuffer = 16384
)

type run struct {
	lines       *lines
	loop        *loop
	connections map[int]*connection
}

func (r *run) end(words ...any) {
	switch r.lines.ask(words...)[0] {
	case "calls":
		r.loop.soon(r.outside)
	case "stop":
		r.loop.stopped = true
	}
}

// makeCalls makes what calls there are, and returns the decision behind them.
func (r *run) makeCalls(said []string) []string {
	for said[0] == "call" {
		index, _ := strconv.Atoi(said[1])
		result, err := r.call(index, said[2], said[3:])
		if err != nil {
			said = r.lines.ask(append([]any{"done"}, kindOf(err)...)...)
		} else {
			said = r.lines.ask(append([]any{"done", "none"}, result...)...)
		}
	}
	return said
}

func truth(value bool) []any {
	if value {
		return []any{1}
	}
	return []any{0}
}

func limit(word string) int {
	if number, err := strconv.Atoi(word); err == nil {
		return number
	}
	return notGiven
}

func cut(data []byte, count, size int) [][]byte {
	elements := make([][]byte, count)
	for i := range elements {
		elements[i] = data[i*size : (i+1)*size]
	}
	return elements
}

func (r *run) call(index int, name string, words []string) ([]any, error) {
	number := func(i int) int { n, _ := strconv.Atoi(words[i]); return n }
	if name == "open" {
		return nil, r.connect(index, words[0], words[1] == "buffered")
	}
	c := r.connections[index]
	t := c.transport
	switch name {
	case "write":
		if words[2] == "-" && number(1) > 0 {
			return nil, errType // what is not bytes cannot be given in Go
		}
		return nil, t.write(fromHex(words[2]))
	case "writelines":
		return nil, t.writelines(cut(fromHex(words[3]), number(1), number(2)))
	case "write_eof":
		t.writeEOF()
	case "can_write_eof":
		return truth(true), nil
	case "close":
		t.close()
	case "abort":
		t.abort()
	case "is_closing":
		return truth(t.stage != open), nil
	case "pause_reading":
		t.pauseReading()
	case "resume_reading":
		t.resumeReading()
	case "is_reading":
		return truth(t.isReading()), nil
	case "set_protocol":
		t.protocol = c.object(number(0), words[1] == "buffered")
	case "get_protocol":
		for object, found := range c.objects {
			if found == t.protocol {
				return []any{object}, nil
			}
		}
		return []any{255}, nil
	case "set_write_buffer_limits":
		return nil, t.setLimits(limit(words[0]), limit(words[1]))
	case "get_write_buffer_limits":
		return []any{t.low, t.high}, nil
	case "get_write_buffer_size":
		return []any{len(t.backlog)}, nil
	case "resize": // the memory is Go's, and stays where it is
	}
	return nil, nil
}

// dial connects to the harness's peer with a socket of the system, which the loop can watch.
func dial(port string) (int, error) {
	number, err := strconv.Atoi(port)
	if err != nil {
		return -1, err
	}
	descriptor, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	for _, option := range [][3]int{
		{syscall.SOL_SOCKET, syscall.SO_SNDBUF, sendBuffer}, {syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
	} {
		if err := syscall.SetsockoptInt(descriptor, option[0], option[1], option[2]); err != nil {
			return descriptor, err
		}
	}
	address := &syscall.SockaddrInet4{Port: number, Addr: [4]byte{127, 0, 0, 1}}
	if err := syscall.Connect(descriptor, address); err != nil {
		return descriptor, err
	}
	return descriptor, syscall.SetNonblock(descriptor, true)
}

func (r *run) connect(index int, port string, buffered bool) error {
	descriptor, err := dial(port)
	if err != nil {
		r.lines.tell("fail", "the connection cannot be made:", err)
		return err
	}
	c := &connection{run: r, index: index, objects: map[int]protocol{}}
	r.connections[index] = c
	c.transport = newTransport(r.loop, descriptor, c.object(0, buffered), func(err error) {
		r.lines.tell(append([]any{"exception", index}, kindOf(err)...)...)
	})
	return nil
}

// outside lets the application act where no callback is under way.
func (r *run) outside() {
	said := r.lines.ask("outside")
	if said[1] == "none" {
		return
	}
	r.makeCalls(said)
	r.end("end")
}

// idle: the loop has nothing to do.  False: the run is over.
func (r *run) idle() bool {
	for _, c := range r.connections {
		c.showTouched()
	}
	switch r.lines.ask("idle")[0] {
	case "stop":
		return false
	case "calls":
		r.outside()
	}
	return true
}

func runOne(l *lines, said []string) error {
	r := &run{lines: l, connections: map[int]*connection{}}
	loop, err := newLoop(r.idle)
	if err != nil {
		return err
	}
	defer loop.close()
	r.loop = loop
	if err := r.connect(0, said[1], said[2] == "buffered"); err != nil {
		return err
	}
	err = loop.run()
	for _, c := range r.connections {
		c.transport.release()
	}
	return err
}

func main() {
	place := os.Getenv("WEIR_LINES")
	if place == "" {
		fmt.Fprintln(os.Stderr, "weir-go: WEIR_LINES is not set: this program is started by `weir`")
		os.Exit(2)
	}
	l, err := dialLines(place)
	if err == nil {
		l.tell("hello 1 go", strings.TrimPrefix(runtime.Version(), "go"), capabilities)
		for said := l.ask("next"); err == nil && said[0] == "run"; said = l.ask("next") {
			err = runOne(l, said)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "weir-go:", err)
		os.Exit(2)
	}
}
