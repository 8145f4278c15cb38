import 'element-plus/es/components/message/style/css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/element.css'
import { createApp } from 'vue'
import App from './App.vue'
import { lang, setLang } from './i18n'
import { router } from './router'

setLang(lang.value)
createApp(App).use(router).mount('#app')
