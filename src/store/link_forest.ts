/**
 * Trees that grow and break while one asks which node is the root of another: each step takes O(log n) on average (link-cut
 * trees after Sleator and Tarjan), however long the chains are that a message's References draw.
 */
export class LinkForest {
  /** Each node's parent in its tree; -1 for a root. */
  readonly parents: Int32Array;
  /** Each chain of the trees is kept as a splay tree by depth; `#up` of its top points to where the chain hangs. */
  readonly #up: Int32Array;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #children: Int32Array;

  constructor(capacity: number) {
    this.parents = new Int32Array(capacity).fill(-1);
    this.#up = new Int32Array(capacity).fill(-1);
    this.#left = new Int32Array(capacity).fill(-1);
    this.#right = new Int32Array(capacity).fill(-1);
    this.#children = new Int32Array(capacity);
  }

  /** Whether a root can be made a child of this node without closing a loop. */
  canLink(root: number, parent: number): boolean {
    if (root === parent) return false;
    // Nearly always: the one has no answers yet, or the other nothing above it.
    if (this.#children[root] === 0 || this.parents[parent] === -1) return true;
    return this.#rootOf(parent) !== root;
  }

  link(root: number, parent: number): void {
    this.#splay(root);
    this.#up[root] = parent;
    this.parents[root] = parent;
    this.#children[parent]!++;
  }

  /** Makes the node a root, with all that is below it. */
  cut(node: number): void {
    const parent = this.parents[node]!;
    if (parent === -1) return;
    this.#access(node);
    const above = this.#left[node]!;
    this.#up[above] = -1;
    this.#left[node] = -1;
    this.parents[node] = -1;
    this.#children[parent]!--;
  }

  #rootOf(node: number): number {
    this.#access(node);
    let top = node;
    for (let next = this.#left[top]!; next !== -1; next = this.#left[top]!) top = next;
    this.#splay(top);
    return top;
  }

  /** Makes the way from the node up to its root one chain, and the node its top. */
  #access(node: number): void {
    let below = -1;
    for (let at = node; at !== -1; at = this.#up[at]!) {
      this.#splay(at);
      this.#right[at] = below;
      below = at;
    }
    this.#splay(node);
  }

  #isTop(node: number): boolean {
    const up = this.#up[node]!;
    return up === -1 || (this.#left[up] !== node && this.#right[up] !== node);
  }

  #splay(node: number): void {
    while (!this.#isTop(node)) {
      const up = this.#up[node]!;
      if (!this.#isTop(up)) {
        const sameSide = (this.#left[up] === node) === (this.#left[this.#up[up]!] === up);
        this.#rotate(sameSide ? up : node);
      }
      this.#rotate(node);
    }
  }

  #rotate(node: number): void {
    const up = this.#up[node]!;
    const above = this.#up[up]!;
    const upIsTop = this.#isTop(up);
    const [near, far] = this.#left[up] === node ? [this.#left, this.#right] : [this.#right, this.#left];
    const moved = far[node]!;
    near[up] = moved;
    if (moved !== -1) this.#up[moved] = up;
    far[node] = up;
    this.#up[up] = node;
    this.#up[node] = above;
    if (upIsTop) return;
    if (this.#left[above] === up) this.#left[above] = node;
    else this.#right[above] = node;
  }
}
