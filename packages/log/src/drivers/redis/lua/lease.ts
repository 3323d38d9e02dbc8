/** Scripts of the lease, whose deadline is by the clock of Redis. Run by index.ts. */
import { createScript, type Script } from "./script.ts";

/**
 * ARGV: history, time to live in ms, holder, token of this call. Returns `{epoch, seq, stop}`, or nothing while another holds it.
 * A call that is made again, since its answer was lost, gets the lease that it took.
 */
export const acquire: Script = createScript(`
local head, old = find()
if head and head.deadline > now and head.token ~= ARGV[4] then return false end
if not head then
  head = create(old, ARGV[1])
elseif head.token ~= ARGV[4] then
  advance(head, ARGV[1])
end
redis.call('HSET', KEYS[1], 'ttl', ARGV[2], 'deadline', int(now + ARGV[2]), 'holder', ARGV[3], 'token', ARGV[4])
return { head.epoch, head.seq, head.stop }
`);

/** ARGV: epoch, time to live in ms. Returns `{stop}`, or nothing if another holds it. */
export const renew: Script = createScript(`
local head = find()
if not head or int(head.epoch) ~= ARGV[1] then return false end
redis.call('HSET', KEYS[1], 'deadline', int(now + ARGV[2]))
return { head.stop }
`);

/** ARGV: epoch. */
export const release: Script = createScript(`
local head = find()
if head and int(head.epoch) == ARGV[1] then redis.call('HSET', KEYS[1], 'ttl', 0, 'deadline', 0) end
`);

export const requestStop: Script = createScript(`
if not find() then return end
redis.call('HSET', KEYS[1], 'stop', 1)
redis.call('PUBLISH', KEYS[1], 'stop')
`);
