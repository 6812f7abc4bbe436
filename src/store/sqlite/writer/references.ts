/** References to many bodies at once: a body that is named twice counts twice. */
import { deleteBody, isSmall } from "./bodies.ts";
import type { WriteContext } from "./context.ts";

/** So many bodies at most are deleted at once; more are left to the sweeper. */
const AT_ONCE = 50;

const COUNTED = "(SELECT value AS id, count(*) AS n FROM json_each(?) GROUP BY value) c";

export function retainBodies({ db }: WriteContext, bodies: readonly number[]): void {
  db.run(
    `UPDATE bodies SET refs = refs + c.n FROM ${COUNTED} WHERE bodies.id = c.id`,
    JSON.stringify(bodies),
  );
}

/** Gives one reference up for each; a body goes with its last one. */
export function releaseBodies(context: WriteContext, bodies: readonly number[]): void {
  const { db, effects } = context;
  const left = db.all<{ id: number; refs: number; size: number }>(
    `UPDATE bodies SET refs = refs - c.n FROM ${COUNTED} WHERE bodies.id = c.id RETURNING bodies.id, refs, size`,
    JSON.stringify(bodies),
  );
  const loose = left.filter(({ refs }) => refs === 0);
  const small = loose.filter(({ size }) => isSmall(size)).slice(0, AT_ONCE);
  for (const { id } of small) deleteBody(context, id);
  if (loose.length > small.length) effects.litter = true;
}
