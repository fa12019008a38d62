package main

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"strconv"
	"time"

	"github.com/codexctl/codexctl/bench/lab"
)

// errNoRedis says that there is no Redis server here.
var errNoRedis = errors.New("neither redis-server nor valkey-server is installed")

// redisServer is a Redis server that keeps nothing on the disk, as a process.
type redisServer struct {
	url string
	pid int
	cmd *exec.Cmd
}

func startRedis(ctx context.Context, l *lab.Lab) (*redisServer, error) {
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if program, err = exec.LookPath("valkey-server"); err != nil {
			return nil, errNoRedis
		}
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "--port", port, "--bind", "127.0.0.1", "--dir", l.Dir, "--save", "", "--appendonly", "no")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &redisServer{url: "redis://127.0.0.1:" + port + "/0", pid: cmd.Process.Pid, cmd: cmd}
	for range 200 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			return s, conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.stop()
	return nil, errors.New("the Redis server does not start")
}

func (s *redisServer) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was told to end
}

// freePort is a port that nobody had a moment ago, for a program that takes no 0.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), l.Close()
}
