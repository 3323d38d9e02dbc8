/** One planned fault -> what happens to the processes and cables, until all that it broke is whole again. Called by run.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./plan.ts";
import type { World } from "./world.ts";

/** @throws the signal's reason; what was broken may stay so then. */
export async function applyFault(world: World, fault: Fault, signal: AbortSignal): Promise<void> {
  const { nodes, redis, postgres, model, front } = world;
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal });
  switch (fault.type) {
    case "kill-node": {
      const node = nodes[fault.node];
      await node.end("SIGKILL");
      await pause(fault.downMs);
      return node.start(signal);
    }
    case "freeze-node": {
      const node = nodes[fault.node];
      node.freeze();
      await pause(fault.forMs);
      return node.unfreeze();
    }
    case "restart-nodes":
      for (const name of fault.nodes) {
        await nodes[name].end("SIGTERM");
        await nodes[name].start(signal);
      }
      return;
    case "cut-node":
      return nodes[fault.node].cables[fault.from].cut();
    case "partition": {
      const cable = nodes[fault.node].cables[fault.from];
      cable.stall(fault.direction);
      await pause(fault.forMs);
      return cable.heal();
    }
    case "cut-followers":
      return front.cut();
    case "kill-redis":
      await redis.kill();
      await pause(fault.downMs);
      return redis.restart();
    case "freeze-redis":
      redis.freeze();
      await pause(fault.forMs);
      return redis.unfreeze();
    case "lose-redis": {
      const copy = redis.copyData();
      await pause(fault.backMs);
      await redis.kill();
      await pause(fault.downMs);
      return redis.restart({ data: copy });
    }
    case "restart-postgres":
      await postgres.stop(fault.how);
      await pause(fault.downMs);
      return postgres.start();
    case "break-model":
      return breakModel(model, fault, pause);
  }
}

async function breakModel(
  { cable, say }: World["model"],
  { how, forMs }: Extract<Fault, { type: "break-model" }>,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  if (how === "reset") return cable.cut();
  if (how === "500") {
    await say("break");
    await pause(forMs);
    return say("mend");
  }
  if (how === "refuse") cable.refuse();
  else cable.stall("both");
  await pause(forMs);
  cable.heal();
}

/** For people. */
export function describeFault(fault: Fault): string {
  const { type, ...details } = fault;
  const words = Object.entries(details).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join(" ") : value}`,
  );
  return [type, ...words].join(", ");
}
