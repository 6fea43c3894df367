import { Injectable, inject } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { type RouterStateSnapshot, TitleStrategy } from '@angular/router';

/** "Page · Media Analyzer" in the tab; pages that show one thing put its name there themselves with `set`. */
@Injectable({ providedIn: 'root' })
export class PageTitle extends TitleStrategy {
  private readonly title = inject(Title);

  override updateTitle(snapshot: RouterStateSnapshot): void {
    this.set(this.buildTitle(snapshot) ?? null);
  }

  set(page: string | null): void {
    this.title.setTitle(page ? `${page} · Media Analyzer` : 'Media Analyzer');
  }
}
