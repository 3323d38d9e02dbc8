/** Whether somebody may follow a channel or publish to it, even where that changes while it is asked. Used by hub and followers. */
import { HubError } from "./errors.ts";
import type { AuthorizationQuestion, HubOptions } from "./hub-options.ts";

export interface Rights {
  /** How often they have changed. */
  readonly version: number;
  /** They have changed: answers from before count no more. */
  change(): void;
  /**
   * Settles when all is allowed, with the version that the answers are of.
   *
   * @throws {HubError} "forbidden"; and what `authorize` throws.
   */
  check(
    action: AuthorizationQuestion["action"],
    channels: readonly string[],
    user: string | undefined,
    asked?: Asked,
  ): Promise<number>;
}

/** Answers that several who are looked at together share: by version, user and channel, each is asked for once. */
export type Asked = Map<string, Promise<boolean>>;

/** @param authorize - Without it all is allowed. */
export function createRights(authorize: HubOptions["authorize"]): Rights {
  let version = 0;

  function ask(
    authorizeOne: NonNullable<typeof authorize>,
    question: AuthorizationQuestion,
    asked: Asked,
  ): Promise<boolean> {
    const { action, channel, user } = question;
    const key = JSON.stringify([version, action, channel, user]);
    const known = asked.get(key);
    if (known) return known;
    const answer = (async () => authorizeOne(question))();
    asked.set(key, answer);
    return answer;
  }

  return {
    get version() {
      return version;
    },
    change() {
      version += 1;
    },
    async check(action, channels, user, asked = new Map()) {
      while (authorize) {
        const askedVersion = version;
        const answers = await Promise.all(channels.map((channel) => ask(authorize, { action, channel, user }, asked)));
        if (askedVersion !== version) continue;
        const refused = answers.findIndex((may) => !may);
        if (refused >= 0) throw new HubError("forbidden", `This channel may not be used so: ${channels[refused]}`);
        break;
      }
      return version;
    },
  };
}
