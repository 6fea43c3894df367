import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute } from '@angular/router';
import { Icon } from '../shared/icon';
import { ProblemNote } from '../shared/problem-note';
import { groupsOf, type OpenApi, piecesOf, type Schema, typeText } from './openapi';
import { TryOperation } from './try-operation';

/** The REST API: what it does, in which shapes, and a way to try it on this server. Made of `/openapi.json`. */
@Component({
  imports: [Icon, ProblemNote, TryOperation],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './docs-page.html',
  styleUrl: './docs-page.scss',
})
export class DocsPage {
  private readonly document = signal<OpenApi | null>(null);
  protected readonly problem = signal<string | null>(null);
  /** Operations that are being tried. */
  protected readonly trying = signal<ReadonlySet<string>>(new Set());
  protected readonly opened = signal<ReadonlySet<string>>(new Set());
  private readonly fragment = toSignal(inject(ActivatedRoute).fragment);

  protected readonly info = computed(() => this.document()?.info ?? null);
  protected readonly about = computed(() => (this.info()?.description ?? '').split('\n\n').map(piecesOf));
  protected readonly groups = computed(() => {
    const document = this.document();
    return document ? groupsOf(document) : [];
  });
  protected readonly schemas = computed(() => this.document()?.components?.schemas ?? {});
  protected readonly named = computed(() =>
    Object.entries(this.schemas()).map(([name, schema]) => ({ name, text: typeText(schema, this.schemas()) })),
  );
  protected readonly pieces = piecesOf;

  constructor() {
    void this.load();
  }

  protected async load(): Promise<void> {
    this.problem.set(null);
    try {
      const response = await fetch('/openapi.json');
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      this.document.set(await response.json());
    } catch (error) {
      this.problem.set(error instanceof Error ? error.message : String(error));
    }
  }

  protected type(schema: Schema): string {
    return typeText(schema, this.schemas());
  }

  protected isOpen(id: string): boolean {
    return this.opened().has(id) || this.fragment() === id;
  }

  protected toggled(id: string, event: Event): void {
    if (!(event.target instanceof HTMLDetailsElement)) return;
    const { open } = event.target;
    this.opened.update((all) => withOrWithout(all, id, open));
  }

  protected toggleTry(id: string): void {
    this.trying.update((all) => withOrWithout(all, id, !all.has(id)));
  }
}

function withOrWithout(all: ReadonlySet<string>, id: string, wanted: boolean): ReadonlySet<string> {
  const next = new Set(all);
  if (wanted) next.add(id);
  else next.delete(id);
  return next;
}
