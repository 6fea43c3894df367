import { DestroyRef, Injectable, inject, signal } from '@angular/core';

/** Local time once a second, for uptimes and countdowns. One timer for the page. */
@Injectable({ providedIn: 'root' })
export class Ticker {
  private readonly value = signal(Date.now());
  readonly now = this.value.asReadonly();

  constructor() {
    const timer = setInterval(() => this.value.set(Date.now()), 1000);
    inject(DestroyRef).onDestroy(() => clearInterval(timer));
  }
}
