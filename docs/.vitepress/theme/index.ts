// The fonts of the system: the site asks no other host, and has nothing to load before it can be read.
import DefaultTheme from 'vitepress/theme-without-fonts';
import './redstart.css';

export default DefaultTheme;
