import { Clipboard } from '@angular/cdk/clipboard';
import { ChangeDetectionStrategy, Component, computed, inject, input, linkedSignal, signal } from '@angular/core';
import { addressOf, curlOf, exampleOf, type Operation, type Schema } from './openapi';

/** Longest answer that is shown, characters. */
const MAX_SHOWN = 100_000;

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly type: string;
  readonly text: string | null;
  readonly bytes: number;
}

/** Sends a request to this server and shows the answer. */
@Component({
  selector: 'ma-try-operation',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let o = operation();
    <form (submit)="send($event)">
      @for (parameter of o.parameters; track parameter.in + parameter.name) {
        <label class="field"><span class="label"><code>{{ parameter.name }}</code>@if (parameter.required) {&ngsp; <span i18n="of a parameter">required</span> }</span>
          <input class="input mono" autocomplete="off" spellcheck="false" [required]="parameter.required ?? false" [value]="values()[parameter.name] ?? ''" (input)="set(parameter.name, $event)" />
        </label>
      }
      @if (o.body; as body) {
        <label class="field"><span class="label"><ng-container i18n>Body</ng-container>&ngsp;<code>{{ body.type }}</code></span>
          <textarea class="input mono" rows="6" spellcheck="false" [value]="bodyText()" (input)="setBody($event)"></textarea>
        </label>
      }
      <div class="actions">
        <button type="submit" class="button primary" [disabled]="busy()" i18n>Execute</button>
        <button type="button" class="button" (click)="copy()">{{ copied() ? copiedWord : curlWord }}</button>
      </div>
    </form>
    <div role="status" class="answer">
      @if (problem(); as text) { <p class="field-error">{{ text }}</p> }
      @if (answer(); as a) {
        <p><b class="num" [class.bad]="a.status >= 400">{{ a.status }}</b> <span class="muted num">{{ a.type }} · <ng-container i18n>{{ a.bytes }} bytes</ng-container> · <ng-container i18n>{{ a.ms }} ms</ng-container></span></p>
        @if (a.text) { <pre tabindex="0" i18n-aria-label aria-label="Answer">{{ a.text }}</pre> }
      }
    </div>
  `,
  styles: `
    :host, form, .answer { display: grid; gap: 12px; min-width: 0; }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; }
    .label span { font-weight: 400; }
    textarea { padding: 8px 10px; resize: vertical; }
    .bad { color: var(--bad); }
    pre { margin: 0; max-height: 420px; overflow: auto; padding: 10px 12px; border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--bg); font: 12px/1.5 var(--mono); }
  `,
})
export class TryOperation {
  readonly operation = input.required<Operation>();
  readonly schemas = input.required<Readonly<Record<string, Schema>>>();
  private readonly clipboard = inject(Clipboard);

  protected readonly values = signal<Readonly<Record<string, string>>>({});
  protected readonly bodyText = linkedSignal(() => {
    const { body } = this.operation();
    return body ? JSON.stringify(exampleOf(body.schema, this.schemas()), null, 2) : '';
  });
  protected readonly busy = signal(false);
  protected readonly answer = signal<Answer | null>(null);
  protected readonly problem = signal<string | null>(null);
  protected readonly copied = signal(false);
  protected readonly curlWord = $localize`Copy as curl`;
  protected readonly copiedWord = $localize`:to the clipboard|:Copied`;
  private readonly request = computed(() => {
    const { method, body } = this.operation();
    const url = addressOf(this.operation(), this.values());
    return { method, url, body: body ? this.bodyText() : null, type: body?.type ?? null };
  });

  protected set(name: string, event: Event): void {
    if (event.target instanceof HTMLInputElement)
      this.values.update((all) => ({ ...all, [name]: (event.target as HTMLInputElement).value }));
  }

  protected setBody(event: Event): void {
    if (event.target instanceof HTMLTextAreaElement) this.bodyText.set(event.target.value);
  }

  protected copy(): void {
    const request = this.request();
    this.copied.set(this.clipboard.copy(curlOf({ ...request, url: new URL(request.url, location.origin).href })));
  }

  protected async send(event: Event): Promise<void> {
    event.preventDefault();
    const { method, url, body, type } = this.request();
    this.busy.set(true);
    this.problem.set(null);
    const startedAt = performance.now();
    try {
      const response = await fetch(url, {
        method,
        body,
        cache: 'no-store',
        ...(type && { headers: { 'content-type': type } }),
      });
      const bytes = await response.arrayBuffer();
      const contentType = response.headers.get('content-type') ?? '';
      this.answer.set({
        status: response.status,
        ms: Math.round(performance.now() - startedAt),
        type: contentType,
        text: readable(contentType, bytes),
        bytes: bytes.byteLength,
      });
    } catch (error) {
      this.problem.set(error instanceof Error ? error.message : String(error));
    } finally {
      this.busy.set(false);
    }
  }
}

function readable(contentType: string, bytes: ArrayBuffer): string | null {
  if (!/json|text|mpegurl/.test(contentType)) return null;
  const text = new TextDecoder().decode(bytes);
  const shown = contentType.includes('json') ? JSON.stringify(JSON.parse(text), null, 2) : text;
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}
