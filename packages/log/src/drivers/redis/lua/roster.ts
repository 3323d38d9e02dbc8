/** Scripts of the roster and of the cells: who is there, what they say, what was told of it. Run by roster.ts and cells.ts. */
import { createScript, type Script } from "./script.ts";

/** What nobody renews is gone after so long, in ms. */
const keptMs = 3_600_000;

/**
 * KEYS: names, notes. ARGV: name, number that it said last (empty: what is here does not count), number, then pairs of a log and a note
 * (empty: none). Returns `{former number, name, number, name, number, …}`; of the former number alone if it is another: nothing was done.
 */
export const say: Script = createScript(`
local former = redis.call('HGET', KEYS[1], ARGV[1]) or ''
-- The second is this very call, whose answer was lost.
if ARGV[2] ~= '' and former ~= ARGV[2] and former ~= ARGV[3] then return { former } end
if ARGV[2] == '' then redis.call('DEL', KEYS[2]) end
for index = 4, #ARGV, 2 do
  if ARGV[index + 1] == '' then
    redis.call('HDEL', KEYS[2], ARGV[index])
  else
    redis.call('HSET', KEYS[2], ARGV[index], ARGV[index + 1])
  end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ${keptMs})
redis.call('PEXPIRE', KEYS[2], ${keptMs})
local reply = redis.call('HGETALL', KEYS[1])
table.insert(reply, 1, former)
return reply
`);

/**
 * KEYS: names, notes. ARGV: name, the number at which it stopped (empty: any). Takes it off the roster. Returns the logs under which it
 * said something.
 */
export const remove: Script = createScript(`
if ARGV[2] ~= '' and redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return {} end
local logs = redis.call('HKEYS', KEYS[2])
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('DEL', KEYS[2])
return logs
`);

/** KEYS: names, what the keys of notes begin with. ARGV: log. Returns the notes under it. */
export const readNotes: Script = createScript(`
local notes = {}
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local note = redis.call('HGET', KEYS[2] .. name, ARGV[1])
  if note then notes[#notes + 1] = note end
end
return notes
`);

/** Returns `{what was told last, how many ms ago}`, or nothing. */
export const readTold: Script = createScript(`
if not find() then return false end
local told = redis.call('HMGET', KEYS[1], 'told', 'toldAt')
return told[2] and { told[1], now - told[2] }
`);

/**
 * ARGV: history, what was told last, what is told now, payload. Returns 1, or 0 if something else was told last: nothing was appended.
 * A call that is made again, since its answer was lost, finds that it was told.
 */
export const tell: Script = createScript(`
local head, old = find()
local told = head and redis.call('HGET', KEYS[1], 'told') or ''
if told ~= ARGV[2] then return 0 end
head = share(head, old, ARGV[1])
add(head, ARGV[4])
keep(head)
redis.call('HSET', KEYS[1], 'told', ARGV[3], 'toldAt', int(now))
redis.call('PUBLISH', KEYS[1], 'append')
return 1
`);

/** KEYS: cell. Returns its value and the time, in ms. */
export const readCell: Script = createScript(`
return { redis.call('GET', KEYS[1]) or '', int(now) }
`);

/** KEYS: cell. ARGV: expected value (empty: none), next value (empty: none), ms until it expires. Returns 1, or 0 if it is another. */
export const replaceCell: Script = createScript(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
`);
