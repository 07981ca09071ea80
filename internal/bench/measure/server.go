package measure

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/procfs"

	"rowcast/internal/bench"
)

// Server is a PostgreSQL server on this machine, whose processes can be seen.
// The nil Server is one that cannot, so its processor time is unknown.
type Server struct{ postmaster int }

// errElsewhere says that the processes of the server cannot be seen.
var errElsewhere = errors.New("the server runs on another machine or in a container of its own, or this system has no /proc")

//go:embed session.sql
var sessionSQL string

// FindServer finds the processes of the server that conn leads to. The error
// says why they cannot be seen; the Server is then nil, which can be used.
func FindServer(ctx context.Context, conn *pgx.Conn) (*Server, error) {
	var backend, whole time.Time
	err := conn.QueryRow(ctx, sessionSQL).Scan(&backend, &whole)
	if err != nil {
		return nil, fmt.Errorf("ask for the process of the session: %w", err)
	}
	const program = "postgres"
	session, err := started(program, int(conn.PgConn().PID()), backend)
	if err == nil {
		_, err = started(program, session.PPID, whole)
	}
	if err != nil {
		return nil, err
	}
	return &Server{session.PPID}, nil
}

// started is the state of the process if it runs the program and started then:
// a process id means something else on another machine.
func started(program string, pid int, then time.Time) (procfs.ProcStat, error) {
	stat, err := stat(pid)
	if err != nil {
		return stat, errElsewhere
	}
	at, err := stat.StartTime()
	// Boot time, on which the first rests, has whole seconds and drifts.
	const tolerance = 5
	if err != nil || math.Abs(at-float64(then.UnixMilli())/1000) > tolerance || !strings.HasPrefix(stat.Comm, program) {
		return stat, errElsewhere
	}
	return stat, nil
}

func stat(pid int) (procfs.ProcStat, error) {
	proc, err := procfs.NewProc(pid)
	if err != nil {
		return procfs.ProcStat{}, err
	}
	return proc.Stat()
}

// CPU is the processor time of all processes of the server since it started,
// in seconds, also of those that have ended.
func (s *Server) CPU() float64 {
	if s == nil {
		return bench.Unknown()
	}
	// A process that ends while the others are counted moves its time to the
	// postmaster: count again.
	var total float64
	for range 10 {
		before, err := stat(s.postmaster)
		all, err2 := procfs.AllProcs()
		if err != nil || err2 != nil {
			return bench.Unknown()
		}
		total = before.CPUTime() + ended(before)
		for _, p := range all {
			if stat, err := p.Stat(); err == nil && stat.PPID == s.postmaster {
				total += stat.CPUTime()
			}
		}
		if after, err := stat(s.postmaster); err == nil && ended(after) == ended(before) {
			break
		}
	}
	return total
}

// ProcessCPU is the processor time of one process of the server, in seconds.
func (s *Server) ProcessCPU(pid int) float64 {
	if s == nil {
		return bench.Unknown()
	}
	if stat, err := stat(pid); err == nil {
		return stat.CPUTime()
	}
	return bench.Unknown()
}

// ended is the time of the children that have ended.
func ended(stat procfs.ProcStat) float64 {
	// The kernel counts in ticks of 1/100 s towards user space.
	return float64(stat.CUTime+stat.CSTime) / 100
}
