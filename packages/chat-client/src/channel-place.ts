/**
 * Where a reader of several channels stands. Two that read the same channels may have had their events in another order,
 * so a place is compared channel by channel. Asked by tabs/shared-channels.ts of what other tabs tell.
 *
 * @see PROTOCOL.md#following: `<channel>@<epoch>:<seq>`, with commas between; the epoch only grows.
 */

interface Position {
  readonly epoch: number;
  readonly seq: number;
}

const beforeAll: Position = { epoch: -1, seq: -1 };

/**
 * Another reader moved from `after` to `to` with one event.
 *
 * @returns where a reader at `from` stands when it takes that event; `null` if it had it; `undefined` if others lie between.
 */
export function step(from: string, after: string, to: string): string | null | undefined {
  if (from === after) return to;
  if (!isAhead(to, from)) return null;
  const [old, next, own] = [after, to, from].map(parse) as [Places, Places, Places];
  const moved = [...next].filter(([channel, position]) => isLater(position, old.get(channel) ?? beforeAll));
  const [[channel, position] = ["", beforeAll], ...others] = moved;
  const before = own.get(channel) ?? beforeAll;
  if (others.length > 0 || channel === "") return undefined;
  if (!isLater(position, before)) return null;
  const { epoch, seq } = old.get(channel) ?? beforeAll;
  return before.epoch === epoch && before.seq === seq ? format(own.set(channel, position)) : undefined;
}

/** Whether a reader at `place` has had anything that one at `than` has not. */
export function isAhead(place: string, than: string): boolean {
  const others = parse(than);
  return [...parse(place)].some(([channel, position]) => isLater(position, others.get(channel) ?? beforeAll));
}

type Places = Map<string, Position>;

function parse(eventId: string): Places {
  if (eventId === "") return new Map();
  return new Map(
    eventId.split(",").map((part) => {
      const [channel = "", place = ""] = part.split("@");
      const [epoch = "", seq = ""] = place.split(":");
      return [channel, { epoch: Number(epoch), seq: Number(seq) }];
    }),
  );
}

function format(places: Places): string {
  return [...places].map(([channel, { epoch, seq }]) => `${channel}@${epoch}:${seq}`).join();
}

function isLater(position: Position, than: Position): boolean {
  return position.epoch === than.epoch ? position.seq > than.seq : position.epoch > than.epoch;
}
