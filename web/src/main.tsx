import { render } from 'preact';
import './style/base.css';
import './style/layout.css';
import './style/parts.css';
import { App } from './app';
import { applyTheme, savedTheme } from './hooks';

applyTheme(savedTheme());
render(<App />, document.getElementById('app')!);
