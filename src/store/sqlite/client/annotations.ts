import type {
  Annotation,
  AnnotationChange,
  AnnotationLimits,
  AnnotationScope,
  AnnotationStore,
} from "../../annotations.ts";
import { accountKey } from "../../names.ts";
import type { Link } from "./link.ts";

export class SqliteAnnotations implements AnnotationStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  list({ account, mailboxId }: AnnotationScope): Promise<Annotation[]> {
    return this.#link.read("listAnnotations", { account: accountKey(account), mailboxId });
  }

  set(
    { account, mailboxId }: AnnotationScope,
    changes: readonly AnnotationChange[],
    limits: AnnotationLimits,
  ): Promise<void> {
    return this.#link.write("setAnnotations", { account: accountKey(account), mailboxId, changes, limits });
  }
}
