/** Entry point: hands the command line to `src/app`. */
import { main } from "./src/app/main.ts";

Deno.exit(await main(Deno.args));
