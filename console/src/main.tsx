import { render } from 'preact';

render(<h1>Drover</h1>, document.getElementById('app')!);
