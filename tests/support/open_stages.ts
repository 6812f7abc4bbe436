import type { BodyStore } from "../../src/store/mod.ts";

/** The stages that were begun from here on and have not been given up. */
export function watchStages(bodies: BodyStore): ReadonlySet<unknown> {
  const stage = bodies.stage.bind(bodies);
  const open = new Set<unknown>();
  bodies.stage = () => {
    const made = stage();
    const discard = made.discard.bind(made);
    open.add(made);
    made.discard = () => {
      open.delete(made);
      discard();
    };
    return made;
  };
  return open;
}
