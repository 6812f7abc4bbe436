import type { z } from "zod";

// deno-lint-ignore no-explicit-any
type Definition = Record<string, any>;

/** Every key that a schema knows, as a path; a free name (a domain, an account) is `*`. */
export function schemaKeys(schema: z.ZodType, path: readonly string[] = []): string[][] {
  const definition = schema.def as Definition;
  switch (definition.type) {
    case "object":
      return Object.entries(definition.shape as Record<string, z.ZodType>).flatMap(([key, inner]) => [
        [...path, key],
        ...schemaKeys(inner, [...path, key]),
      ]);
    case "record":
      return schemaKeys(definition.valueType, [...path, "*"]);
    case "pipe":
      return [...schemaKeys(definition.in, path), ...schemaKeys(definition.out, path)];
    default:
      return definition.innerType === undefined ? [] : schemaKeys(definition.innerType, path);
  }
}
