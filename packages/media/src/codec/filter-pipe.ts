import { type FilterContext, FilterGraph, Frame } from 'node-av/lib';
import { check, isDrained, nativeProblem } from './native.js';

/** A chain of FFmpeg filters with one input and one output. */
export class FilterPipe {
  private readonly out = new Frame();

  private constructor(
    private readonly graph: FilterGraph,
    private readonly source: FilterContext,
    readonly sink: FilterContext,
  ) {
    this.out.alloc();
  }

  /**
   * @param source `buffer` or `abuffer` with its arguments (`buffer=video_size=…`)
   * @param chain filters between the two, separated by commas
   * @throws Error when FFmpeg refuses the chain
   */
  static async open(
    source: { readonly filter: 'buffer' | 'abuffer'; readonly args: string },
    chain: string,
  ): Promise<FilterPipe> {
    const graph = new FilterGraph();
    try {
      graph.alloc();
      const sinkFilter = source.filter === 'buffer' ? 'buffersink' : 'abuffersink';
      check(graph.parse2(`${source.filter}@in=${source.args},${chain},${sinkFilter}@out`), 'parse filters');
      check(await graph.config(), 'configure filters');
      const input = graph.getFilter(`${source.filter}@in`);
      const output = graph.getFilter(`${sinkFilter}@out`);
      if (!input || !output) throw new Error('the filter chain has no ends');
      return new FilterPipe(graph, input, output);
    } catch (error) {
      graph.free();
      throw error;
    }
  }

  /**
   * Puts a frame in (null: the end) and hands on what comes out, each valid during its callback.
   * @throws Error when a filter fails
   */
  async push(frame: Frame | null, handle: (frame: Frame) => Promise<void>): Promise<void> {
    check(await this.source.buffersrcAddFrame(frame), 'filter');
    for (;;) {
      const code = await this.sink.buffersinkGetFrame(this.out);
      if (isDrained(code)) return;
      if (code < 0) throw new Error(`filter: ${nativeProblem(code)}`);
      try {
        await handle(this.out);
      } finally {
        this.out.unref();
      }
    }
  }

  /** To be called when no `push` runs. */
  close(): void {
    this.out.free();
    this.graph.free();
  }
}
