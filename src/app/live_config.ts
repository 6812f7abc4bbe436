import type { Live } from "../core/ports.ts";
import { type Directory, makeDirectory } from "../intake/mod.ts";
import type { Config } from "./config/mod.ts";

/** The configuration in force, and views of it that follow a reload. */
export class LiveConfig {
  #config: Config;
  #directory: Directory;
  readonly directory: Live<Directory>;

  constructor(config: Config) {
    this.#config = config;
    this.#directory = makeDirectory(config.directory);
    const directory = () => this.#directory;
    this.directory = {
      get current() {
        return directory();
      },
    };
  }

  get current(): Config {
    return this.#config;
  }

  of<T>(view: (config: Config) => T): Live<T> {
    const config = () => this.#config;
    return {
      get current() {
        return view(config());
      },
    };
  }

  replace(config: Config, directory: Directory): void {
    this.#config = config;
    this.#directory = directory;
  }
}
