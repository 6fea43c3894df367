import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { PreferencesMenu } from './preferences/preferences-menu';
import { ConnectionBanner } from './shared/connection-banner';
import { Icon } from './shared/icon';
import { Live } from './shared/live';
import { isOnAir } from './shared/stream-state';

/** The frame of every page: navigation, the state of the connection to the server, and what an operator must know. */
@Component({
  selector: 'ma-root',
  imports: [RouterOutlet, RouterLink, RouterLinkActive, Icon, ConnectionBanner, PreferencesMenu],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './app.html',
  styleUrl: './app.scss',
})
export class App {
  protected readonly live = inject(Live);
  protected readonly onAir = computed(() => (this.live.streams() ?? []).filter(isOnAir).length);
  protected readonly notices = computed(() => this.live.notices().length);

  /** The skip link must not change the address: the router would take it for a page. */
  protected skipTo(main: HTMLElement, event: Event): void {
    event.preventDefault();
    main.focus();
  }
}
