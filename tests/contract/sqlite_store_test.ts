import { openSqliteStore } from "../../src/store/sqlite/mod.ts";
import { ManualClock, seededRandom, silentLog } from "../support/fakes.ts";
import { testStoreContract } from "./store/suites.ts";

testStoreContract("sqlite", async () => {
  const clock = new ManualClock();
  const directory = await Deno.makeTempDir({ prefix: "mailden-store-" });
  const store = await openSqliteStore({
    directory,
    clock,
    random: seededRandom(),
    log: silentLog,
    undeleteDays: 7,
  });
  return {
    store,
    clock,
    close: async () => {
      await store.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
});
