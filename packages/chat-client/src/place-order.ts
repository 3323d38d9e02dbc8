/** Which of two places in the log of one generation comes later. Asked by generation-handle.ts of what other tabs tell. */

/** @see PROTOCOL.md#event-ids: `<generation ID>:<epoch>.<seq>`, of which the epoch only grows. */
export function isLater(lastEventId: string, than: string): boolean {
  const [epoch, seq] = toNumbers(lastEventId);
  const [thanEpoch, thanSeq] = toNumbers(than);
  return epoch === thanEpoch ? seq > thanSeq : epoch > thanEpoch;
}

/** Before every record, where nothing was read yet. */
function toNumbers(lastEventId: string): [epoch: number, seq: number] {
  const [epoch = "", seq = ""] = lastEventId.slice(lastEventId.lastIndexOf(":") + 1).split(".");
  return lastEventId === "" ? [-1, -1] : [Number(epoch), Number(seq)];
}
