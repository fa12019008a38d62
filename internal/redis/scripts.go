package redis

import "github.com/gomodule/redigo/redis"

// scripts are the commands that must happen at once. All times are those of the
// server, so that no two clocks are compared.
type scripts struct {
	take, renew, release, leave, append, remove, dropName, unlist *redis.Script
}

func newScripts() scripts {
	return scripts{
		take:     redis.NewScript(3, take),
		renew:    redis.NewScript(1, renew),
		release:  redis.NewScript(1, release),
		leave:    redis.NewScript(2, leave),
		append:   redis.NewScript(5, appendLine),
		remove:   redis.NewScript(3, remove),
		dropName: redis.NewScript(2, dropName),
		unlist:   redis.NewScript(2, unlist),
	}
}

// take asks for a lock once. Who asks for the first time gets a ticket, which is its
// place in the queue; who does not ask again for long enough has died, and its ticket
// is thrown away. The answer is the place: 0 is the lock.
//
// KEYS: lock, queue (token → place), waiters (token → dead from). ARGV: token, lease,
// patience with waiters, both in ms, and "1" if it will not wait.
const take = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do
  redis.call('ZREM', KEYS[2], dead)
  redis.call('ZREM', KEYS[3], dead)
end
local place = redis.call('ZRANK', KEYS[2], ARGV[1])
if not place then
  if ARGV[4] == '1' and (redis.call('EXISTS', KEYS[1]) == 1 or redis.call('ZCARD', KEYS[2]) > 0) then
    return 1
  end
  local last = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
  redis.call('ZADD', KEYS[2], (tonumber(last[2]) or 0) + 1, ARGV[1])
  place = redis.call('ZRANK', KEYS[2], ARGV[1])
end
if place == 0 and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  redis.call('ZREM', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  return 0
end
redis.call('ZADD', KEYS[3], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3] * 2)
redis.call('PEXPIRE', KEYS[3], ARGV[3] * 2)
return place + 1`

// leave gives up a ticket. KEYS: queue, waiters. ARGV: token.
const leave = `
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`

// renew prolongs a lease. KEYS: lock. ARGV: token, lease in ms.
const renew = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`

// release gives a lock back. KEYS: lock. ARGV: token.
const release = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

// appendLine adds to a record, unless the writer's lock is gone. KEYS: record, brief,
// lock, records, names. ARGV: token, head, line, brief, life in ms, key, and all names.
const appendLine = `
if ARGV[1] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
if redis.call('EXISTS', KEYS[1]) == 0 then
  if ARGV[2] == '' then return 0 end
  redis.call('RPUSH', KEYS[1], ARGV[2])
end
redis.call('RPUSH', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
redis.call('SADD', KEYS[4], ARGV[6])
for i = 7, #ARGV do
  redis.call('HSET', KEYS[5], ARGV[i], ARGV[6])
end
return 1`

// remove deletes a record. KEYS: record, brief, records. ARGV: key.
const remove = `
redis.call('DEL', KEYS[2])
redis.call('SREM', KEYS[3], ARGV[1])
return redis.call('DEL', KEYS[1])`

// dropName forgets a name whose record is gone. KEYS: names, record. ARGV: name.
const dropName = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])`

// unlist forgets the key of a record that has vanished. KEYS: records, record. ARGV: key.
const unlist = `
if redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
return redis.call('SREM', KEYS[1], ARGV[1])`
