import project from "../../deno.json" with { type: "json" };

/** As in `0.1.0`; `deno.json` is the only place where it stands. */
export const version: string = project.version;
