//go:build !unix

package socket

const canTry = false

func (s *Socket) tryWrite(uintptr) bool { return true }

func (s *Socket) tryPeek(uintptr) bool { return true }
