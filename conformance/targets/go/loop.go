package main

import "syscall"

// loop calls what is ready, in one goroutine, over epoll.
type loop struct {
	epoll   int
	queued  []func()
	watched map[int32]func(readable, writable bool)
	// idle is asked before the loop would block.  True: look again.
	idle    func() bool
	stopped bool
}

func newLoop(idle func() bool) (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	return &loop{epoll: epoll, watched: map[int32]func(bool, bool){}, idle: idle}, err
}

func (l *loop) soon(function func()) { l.queued = append(l.queued, function) }

// watch asks to be called where the descriptor is ready; neither: no more.
func (l *loop) watch(descriptor int32, readable, writable bool, ready func(readable, writable bool)) error {
	_, known := l.watched[descriptor]
	event := syscall.EpollEvent{Fd: descriptor}
	if readable {
		event.Events |= syscall.EPOLLIN
	}
	if writable {
		event.Events |= syscall.EPOLLOUT
	}
	operation := syscall.EPOLL_CTL_MOD
	switch {
	case event.Events == 0 && !known:
		return nil
	case event.Events == 0:
		delete(l.watched, descriptor)
		operation = syscall.EPOLL_CTL_DEL
	case !known:
		operation = syscall.EPOLL_CTL_ADD
	}
	if event.Events != 0 {
		l.watched[descriptor] = ready
	}
	return syscall.EpollCtl(l.epoll, operation, int(descriptor), &event)
}

func (l *loop) run() error {
	events := make([]syscall.EpollEvent, 16)
	for !l.stopped {
		count, err := syscall.EpollWait(l.epoll, events, 0)
		if err != nil && err != syscall.EINTR {
			return err
		}
		if count <= 0 && len(l.queued) == 0 && !l.idle() {
			return nil
		}
		queued := l.queued
		l.queued = nil
		for _, function := range queued {
			function()
		}
		const both = syscall.EPOLLERR | syscall.EPOLLHUP
		for i := 0; i < count; i++ {
			if ready, known := l.watched[events[i].Fd]; known {
				ready(events[i].Events&(syscall.EPOLLIN|both) != 0, events[i].Events&(syscall.EPOLLOUT|both) != 0)
			}
		}
	}
	return nil
}

func (l *loop) close() { _ = syscall.Close(l.epoll) }
