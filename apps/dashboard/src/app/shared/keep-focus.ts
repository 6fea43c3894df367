import { afterRenderEffect, ElementRef, effect, inject } from '@angular/core';

/**
 * Gives the focus back to what had it when rows come into another order: a browser takes it from elements that are moved. For the
 * constructor of the component that has the rows.
 *
 * @param rows read as a signal; what is drawn anew when it changes
 */
export function keepFocus(rows: () => unknown): void {
  const host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  let focused: Element | null = null;
  // Effects of a component run before it is drawn.
  effect(() => {
    rows();
    const { activeElement } = document;
    focused = host.contains(activeElement) ? activeElement : null;
  });
  afterRenderEffect(() => {
    rows();
    if (focused instanceof HTMLElement && focused.isConnected && document.activeElement !== focused)
      focused.focus({ preventScroll: true });
    focused = null;
  });
}
