"""Headless Chromium, driven by Selenium: what a person sees of the live page."""

import shutil

from support.harness import wait_until

DRIVER = shutil.which("chromedriver")

# Without these it asks for its maker's hosts at every start.
QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def why_not():
    """Why there is no browser here; nothing when there is."""
    if not DRIVER:
        return "no chromedriver here (scripts/install-deps --with test)"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "no selenium for this Python (scripts/install-deps --with test)"
    return None


class Browser:
    """One page. Use it in a with statement."""

    def __init__(self, width=1280, height=900, dark=False, script=True):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *QUIET]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_page_load_timeout(60)
        self.width = width
        self.resize(height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._tell("Emulation.setEmulatedMedia", features=[scheme])
        self._tell("Emulation.setScriptExecutionDisabled", value=not script)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def _tell(self, command, **parameters):
        self.driver.execute_cdp_cmd(command, parameters)

    def resize(self, height):
        self._tell("Emulation.setDeviceMetricsOverride", width=self.width, height=height, deviceScaleFactor=1,
                   mobile=self.width < 600)

    def open(self, url):
        self.driver.get(url)
        return self

    def js(self, expression, *arguments):
        return self.driver.execute_script(f"return {expression}", *arguments)

    def text(self, selector):
        """What is shown there."""
        return self.js("document.querySelector(arguments[0]).innerText", selector)

    def texts(self, selector):
        return self.js("[...document.querySelectorAll(arguments[0])].map((one) => one.innerText)", selector)

    def status(self):
        return self.text("#status")

    def await_status(self, wanted):
        """Until the page says that of itself."""
        wait_until(lambda: wanted in self.status(), what=f"the status '{wanted}'")
        return self

    def press(self, *keys):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        ActionChains(self.driver).send_keys(*(getattr(Keys, key) for key in keys)).perform()

    def complaints(self):
        """What it wrote to its console since the last call: errors, warnings, refusals by the policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def screenshot(self, path):
        """The whole page, however long."""
        self.resize(self.js("document.documentElement.scrollHeight"))
        self.driver.save_screenshot(str(path))
