import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  type ElementRef,
  effect,
  inject,
  viewChild,
} from '@angular/core';
import uPlot from 'uplot';
import { Theme, themeColor } from '../preferences/theme';
import { LiveStore } from './live-store';
import { objectsPerSecond } from './results';

const SPAN_MS = 60_000;
const HEIGHT = 72;

/** Objects on the picture over the last minute, one value a second. */
@Component({
  selector: 'ma-objects-chart',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<div #plot role="img" [attr.aria-label]="summary()"></div>`,
  styles: `
    :host { display: block; height: ${HEIGHT}px; margin: 6px 12px 2px; overflow: hidden; }
  `,
})
export class ObjectsChart {
  private readonly store = inject(LiveStore);
  private readonly plot = viewChild.required<ElementRef<HTMLElement>>('plot');
  private readonly theme = inject(Theme);
  private chart: uPlot | null = null;
  /** Of the theme that is shown: to ask the page for one costs it a layout. */
  private readonly colors = new Map<string, string>();

  private readonly data = computed(() => {
    const shown = this.store.panelTick();
    if (shown === null) return null;
    const to = Math.floor(shown / 1000) * 1000;
    return {
      from: to - SPAN_MS,
      counts: objectsPerSecond(this.store.timeline.range(to - SPAN_MS, to), {
        ...{ fromMs: to - SPAN_MS, toMs: to, filter: this.store.filter() },
      }),
    };
  });
  protected readonly summary = computed(() => {
    const counts = (this.data()?.counts ?? []).filter((count) => count !== null);
    return counts.length === 0
      ? $localize`Objects over the last minute: no data`
      : $localize`Objects over the last minute: between ${Math.min(...counts)}:least: and ${Math.max(...counts)}:most:, now ${counts.at(-1)}:now:`;
  });

  constructor() {
    const destroyRef = inject(DestroyRef);
    afterNextRender(() => {
      const element = this.plot().nativeElement;
      const color = (variable: `--${string}`) => () => {
        const known = this.colors.get(variable) ?? themeColor(element, variable);
        this.colors.set(variable, known);
        return known;
      };
      this.chart = new uPlot(options(element, color), [[], []], element);
      const resizes = new ResizeObserver(() => this.chart?.setSize({ width: element.clientWidth, height: HEIGHT }));
      resizes.observe(element);
      this.draw();
      destroyRef.onDestroy(() => {
        resizes.disconnect();
        this.chart?.destroy();
      });
    });
    effect(() => this.draw());
    effect(() => {
      this.theme.shown();
      this.colors.clear();
      this.chart?.redraw(false);
    });
  }

  private draw(): void {
    const data = this.data();
    if (!data) return;
    this.chart?.setData([data.counts.map((_, index) => data.from / 1000 + index), data.counts]);
  }
}

/** @param color as a function that uPlot asks anew at every drawing: a change of theme needs no new chart */
function options(element: HTMLElement, color: (variable: `--${string}`) => () => string): uPlot.Options {
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    padding: [7, 0, 8, 0],
    scales: { x: { time: false }, y: { range: (_chart, _min, max) => [0, Math.max(4, max ?? 0)] } },
    axes: [
      { show: false },
      {
        size: 22,
        gap: 4,
        stroke: color('--muted'),
        font: '11px "Inter Variable", sans-serif',
        grid: { stroke: color('--line'), width: 1 },
        ticks: { show: false },
        space: 24,
        incrs: [1, 2, 5, 10, 20, 50],
      },
    ],
    series: [
      {},
      {
        stroke: color('--accent'),
        width: 1.5,
        fill: color('--accent-veil'),
        points: { show: false },
        paths: uPlot.paths.stepped?.({ align: 1 }),
      },
    ],
  };
}
