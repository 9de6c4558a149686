package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
)

// lines is the carrier: every line that is asked has one line for an answer.
type lines struct {
	connection net.Conn
	in         *bufio.Reader
}

func dialLines(place string) (*lines, error) {
	connection, err := net.Dial("tcp", place)
	if err != nil {
		return nil, err
	}
	return &lines{connection: connection, in: bufio.NewReader(connection)}, nil
}

func (l *lines) tell(words ...any) {
	text := fmt.Sprintln(words...)
	if _, err := l.connection.Write([]byte(text)); err != nil {
		os.Exit(3) // the harness is gone
	}
}

func (l *lines) ask(words ...any) []string {
	l.tell(words...)
	text, err := l.in.ReadString('\n')
	if err != nil {
		os.Exit(3)
	}
	return strings.Fields(text)
}

func toHex(data []byte) string {
	if len(data) == 0 {
		return "-"
	}
	return hex.EncodeToString(data)
}

func fromHex(word string) []byte {
	data, err := hex.DecodeString(strings.TrimPrefix(word, "-"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "weir-go:", err)
		os.Exit(2)
	}
	return data
}
