package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func isClosed(c <-chan struct{}, within time.Duration) bool {
	select {
	case <-c:
		return true
	case <-time.After(within):
		return false
	}
}

func TestLeaseIsRenewed(t *testing.T) {
	s := connect(t, "redis://"+startServer(t))
	b := s.Backend("a:")
	token, lost, unlock := mustLock(t, b, "k")
	if isClosed(lost, 3*s.times.lease) {
		t.Fatal("the lease was lost")
	}
	if u, err := b.TryLock(t.Context(), "k"); u != nil || err != nil {
		t.Errorf("TryLock of a held lock: %v, %v", u != nil, err)
	}
	if !add(t, b, "k", token, "r1", time.Hour) {
		t.Error("the holder may not append")
	}
	unlock()
	unlock()
	if isClosed(lost, 10*time.Millisecond) {
		t.Error("giving it back counts as losing it")
	}
	if n := do(t, s, "EXISTS", "a:lock:k", "a:queue:k", "a:waiters:k"); n != int64(0) {
		t.Errorf("%v keys are left behind", n)
	}
	again, err := b.TryLock(t.Context(), "k")
	if again == nil || err != nil {
		t.Fatalf("TryLock of a free lock: %v", err)
	}
	again()
}

func TestLeaseIsLost(t *testing.T) {
	address := "redis://" + startServer(t)
	s, other := connect(t, address), connect(t, address)
	b := s.Backend("a:")
	token, lost, unlock := mustLock(t, b, "k")
	do(t, s, "DEL", "a:lock:k") // as if the lease had run out
	_, _, unlockOther := mustLock(t, other.Backend("a:"), "k")
	if !isClosed(lost, 2*s.times.lease) {
		t.Error("losing the lease was not told")
	}
	if add(t, b, "k", token, "r1", time.Hour) {
		t.Error("who has lost the lease may append")
	}
	if !add(t, b, "k", "", "r2", time.Hour) {
		t.Error("who needs no lease may not append")
	}
	unlock()
	if u, err := b.TryLock(t.Context(), "k"); u != nil || err != nil {
		t.Errorf("the old holder has given back the lock of the new one: %v", err)
	}
	unlockOther()
}

func TestLeaseIsLostWithTheServer(t *testing.T) {
	s := connect(t, "redis://"+startServer(t))
	_, lost, unlock := mustLock(t, s.Backend("a:"), "k")
	_ = s.Close()
	if !isClosed(lost, 3*s.times.lease) {
		t.Error("losing the server was not told")
	}
	unlock()
}

func TestLocksGoByArrival(t *testing.T) {
	address := "redis://" + startServer(t)
	processes := []*Backend{connect(t, address).Backend("a:"), connect(t, address).Backend("a:")}
	_, _, unlock := mustLock(t, processes[0], "k")
	s := connect(t, address)
	var mu sync.Mutex
	var got, want []int
	var wg sync.WaitGroup
	for i := range 20 {
		want = append(want, i)
		wg.Go(func() {
			_, _, unlock, err := processes[i%2].Lock(context.Background(), "k")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			got = append(got, i)
			mu.Unlock()
			unlock()
		})
		for do(t, s, "ZCARD", "a:queue:k") != int64(i+1) {
			time.Sleep(time.Millisecond)
		}
	}
	unlock()
	wg.Wait()
	diff(t, "order", got, want)
}

// Within one process the order is that of the calls, though connections overtake each
// other.
func TestLocksGoByCall(t *testing.T) {
	b := connect(t, "redis://"+startServer(t)).Backend("a:")
	newest := func() chan struct{} {
		b.locks.mu.Lock()
		defer b.locks.mu.Unlock()
		return b.locks.arrived["k"]
	}
	gate := make(chan struct{})
	b.locks.arrived["k"] = gate // nobody gets a ticket yet
	var mu sync.Mutex
	var got, want []int
	var wg sync.WaitGroup
	for i := range 20 {
		want = append(want, i)
		before := newest()
		wg.Go(func() {
			_, _, unlock, err := b.Lock(context.Background(), "k")
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			got = append(got, i)
			mu.Unlock()
			unlock()
		})
		for newest() == before {
			time.Sleep(time.Millisecond)
		}
	}
	close(gate)
	wg.Wait()
	diff(t, "order", got, want)
}

func TestDeadWaitersAreDropped(t *testing.T) {
	address := "redis://" + startServer(t)
	b := connect(t, address).Backend("test:")
	_, _, unlock := mustLock(t, b, "k")
	says, kill := child(t, address, "k")
	says("asking")
	for do(t, b.server, "ZCARD", "test:queue:k") != int64(1) {
		time.Sleep(time.Millisecond)
	}
	kill()
	got := make(chan struct{})
	go func() {
		defer close(got)
		_, _, unlock := mustLock(t, b, "k")
		unlock()
	}()
	unlock()
	if !isClosed(got, 4*time.Second) {
		t.Error("a dead waiter is waited for")
	}
	<-got
}

func TestDeadHoldersLoseTheLock(t *testing.T) {
	address := "redis://" + startServer(t)
	b := connect(t, address).Backend("test:")
	says, kill := child(t, address, "k")
	says("asking")
	says("locked")
	if u, err := b.TryLock(t.Context(), "k"); u != nil || err != nil {
		t.Errorf("the child has no lock: %v", err)
	}
	kill()
	_, _, unlock := mustLock(t, b, "k")
	unlock()
}

func TestWaitingForALockEnds(t *testing.T) {
	b := connect(t, "redis://"+startServer(t)).Backend("a:")
	_, _, unlock := mustLock(t, b, "k")
	cause := errors.New("the client left")
	ctx, cancel := context.WithCancelCause(t.Context())
	failed := make(chan error)
	for range 3 {
		go func() {
			_, _, _, err := b.Lock(ctx, "k")
			failed <- err
		}()
	}
	time.Sleep(30 * time.Millisecond)
	cancel(cause)
	for range 3 {
		wantErr(t, "Lock", <-failed, cause)
	}
	if n := do(t, b.server, "ZCARD", "a:queue:k"); n != int64(0) {
		t.Errorf("%v tickets are left behind", n)
	}
	unlock()

	// One that gives up before it has its ticket keeps nobody waiting.
	before := make(chan struct{})
	b.locks.mu.Lock()
	b.locks.arrived["k"] = before
	b.locks.mu.Unlock()
	_, err := b.locks.arrive(ctx, "k", "token")
	wantErr(t, "arrive", err, cause)
	close(before)
	_, _, unlock = mustLock(t, b, "k")
	unlock()
}

func TestGuard(t *testing.T) {
	address := "redis://" + startServer(t)
	var inside, renewals atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		guard := connect(t, address).Guard()
		for range 5 {
			wg.Go(func() {
				unlock, err := guard.Lock(context.Background(), "/state/auth.json")
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two renew one login")
				}
				renewals.Add(1)
				inside.Add(-1)
				unlock()
			})
		}
	}
	wg.Wait()
	if n := renewals.Load(); n != 20 {
		t.Errorf("%d renewals, want 20", n)
	}
	guard := connect(t, address).Guard()
	first, err := guard.Lock(t.Context(), "/state/auth.json")
	if err != nil {
		t.Fatal(err)
	}
	defer first()
	second, err := guard.Lock(t.Context(), "/state/other.json")
	if err != nil {
		t.Fatalf("unrelated logins wait for each other: %v", err)
	}
	second()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, fmt.Errorf("enough"))
	defer cancel()
	if _, err := guard.Lock(ctx, "/state/auth.json"); err == nil || !errors.Is(err, context.Cause(ctx)) {
		t.Errorf("got error %v, want the context's cause", err)
	}
}
