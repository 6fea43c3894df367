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
  private chart: uPlot | null = null;

  private readonly data = computed(() => {
    const shown = this.store.panelTick();
    if (shown === null) return null;
    const to = Math.floor(shown / 1000) * 1000;
    return {
      from: to - SPAN_MS,
      counts: objectsPerSecond(this.store.timeline.range(to - SPAN_MS, to), to - SPAN_MS, to),
    };
  });
  protected readonly summary = computed(() => {
    const counts = (this.data()?.counts ?? []).filter((count) => count !== null);
    return counts.length === 0
      ? 'Objects over the last minute: no data'
      : `Objects over the last minute: between ${Math.min(...counts)} and ${Math.max(...counts)}, now ${counts.at(-1)}`;
  });

  constructor() {
    const destroyRef = inject(DestroyRef);
    afterNextRender(() => {
      const element = this.plot().nativeElement;
      this.chart = new uPlot(options(element.clientWidth), [[], []], element);
      const resizes = new ResizeObserver(() => this.chart?.setSize({ width: element.clientWidth, height: HEIGHT }));
      resizes.observe(element);
      this.draw();
      destroyRef.onDestroy(() => {
        resizes.disconnect();
        this.chart?.destroy();
      });
    });
    effect(() => this.draw());
  }

  private draw(): void {
    const data = this.data();
    if (!data) return;
    this.chart?.setData([data.counts.map((_, index) => data.from / 1000 + index), data.counts]);
  }
}

function options(width: number): uPlot.Options {
  return {
    width,
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
        stroke: '#a3b0be',
        font: '11px "Inter Variable", sans-serif',
        grid: { stroke: '#1e2731', width: 1 },
        ticks: { show: false },
        space: 24,
        incrs: [1, 2, 5, 10, 20, 50],
      },
    ],
    series: [
      {},
      {
        stroke: '#56c7d8',
        width: 1.5,
        fill: 'rgb(86 199 216 / 0.12)',
        points: { show: false },
        paths: uPlot.paths.stepped?.({ align: 1 }),
      },
    ],
  };
}
