/**
 * What there may be very much of stands in groups, each an element of its own: a frame has but the last of them to look
 * at. A browser passes over one that is complete and out of sight and takes the size that it remembers; so the class for
 * that comes late, with the last member of the next group. Used by the views of whatever has no end.
 */

export interface Groups {
  /** The element that holds the member at an index; those before it are there already. */
  at(index: number): HTMLElement;
  /** There are `count` members, of which the first `final` do not change any more. */
  settle(count: number, final: number): void;
  /** None of them is final. */
  restart(): void;
}

export interface GroupsOptions {
  /** Members of a group. */
  size: number;
  /** Makes the element of a group and puts it into its place. */
  open(place: number): HTMLElement;
  /** The first group, where it has no element of its own: it stays, and is never complete. */
  first?: HTMLElement;
}

export function createGroups({ size, open, first }: GroupsOptions): Groups {
  const groups: HTMLElement[] = first === undefined ? [] : [first];
  const own = groups.length;
  let complete = own;

  return {
    at(index) {
      const place = Math.floor(index / size);
      return groups[place] ?? (groups[place] = open(place));
    },
    settle(count, final) {
      for (const group of groups.splice(Math.max(own, Math.ceil(count / size)))) group.remove();
      for (; (complete + 2) * size <= final; complete += 1) groups[complete]?.classList.add("finished");
    },
    restart() {
      for (const group of groups.slice(own, complete)) {
        group.classList.remove("finished");
        if (group.classList.length === 0) group.removeAttribute("class");
      }
      complete = own;
    },
  };
}
