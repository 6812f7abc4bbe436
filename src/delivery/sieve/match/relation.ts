/** RFC 5231 section 4.1: what the sign of a comparison must be. */
export type Relation = (order: number) => boolean;

export const RELATIONS: ReadonlyMap<string, Relation> = new Map([
  ["gt", (order: number) => order > 0],
  ["ge", (order: number) => order >= 0],
  ["lt", (order: number) => order < 0],
  ["le", (order: number) => order <= 0],
  ["eq", (order: number) => order === 0],
  ["ne", (order: number) => order !== 0],
]);
