import { render } from 'preact';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import { App } from './app';
import { applyTheme, go, savedTheme } from './hooks';

applyTheme(savedTheme());
if (location.hash.startsWith('#/')) go(location.hash.slice(1), true); // how some clients write a page's address
render(<App />, document.getElementById('app')!);
