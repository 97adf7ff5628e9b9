"""dashboard.py URL CONTROL - the dashboard in a real browser (chromium, driven by Debian's selenium).

URL: of the page; it permits actions. CONTROL: the proxy's stats socket. Writes one line a check; exit status 1
when one fails. Pictures go to $SHOTS, if it is set.
"""
import os
import socket
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

URL, CONTROL = sys.argv[1:3]
SHOTS = os.environ.get("SHOTS")
failed = 0


def browser(*more):
    options = Options()
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--window-size=1400,900", "--proxy-server=direct://", *more):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def command(line):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.connect(CONTROL)
        s.sendall(line.encode() + b"\n")
        return b"".join(iter(lambda: s.recv(65536), b"")).decode()


def state_of(server):
    for line in command("show stat").splitlines():
        columns = line.split(",")
        if len(columns) > 17 and columns[0:2] == ["app", server]:
            return columns[17]
    return None


def until(what, condition, seconds=10):
    """Poll; report."""
    global failed
    end = time.monotonic() + seconds
    ok = False
    while not ok and time.monotonic() < end:
        ok = bool(condition())
        if not ok:
            time.sleep(0.05)
    print("ok  " if ok else "FAIL", what, flush=True)
    failed += not ok


def shot(d, name):
    if SHOTS:
        d.save_screenshot(os.path.join(SHOTS, name))


ROW = """const row = [...document.querySelectorAll('#tables tbody tr')]
    .find(r => r.children[0].innerText.split('\\n')[0].trim() === arguments[0]);"""


def row(d, server):
    """The row of a server, by its name; its cells may be replaced at any moment, its name stays."""
    return d.execute_script(ROW + "return row", server)


def badge(d, server):
    """Its state, read in one step."""
    return d.execute_script(ROW + "return row.querySelector('.s').textContent", server)


def press(d, value):
    row(d, "s1").find_element(By.XPATH, "ancestor::form").find_element(
        By.CSS_SELECTOR, f"button[value={value}]").click()


def check_live(d):
    d.get(URL)
    until("it says that it is live", lambda: d.find_element(By.ID, "live").text == "live")
    d.execute_script("window.mark = 1")
    command("set server app/s2 state maint")
    until("a change shows without loading the page", lambda: badge(d, "s2") == "MAINT")
    command("set server app/s2 state ready")
    until("... and back", lambda: badge(d, "s2") != "MAINT")
    until("the page was not loaded again", lambda: d.execute_script("return window.mark") == 1)


def check_actions(d):
    box = row(d, "s1").find_element(By.CSS_SELECTOR, "input[name=s]")
    d.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
    box.send_keys(Keys.SPACE)
    until("a box is ticked with the keyboard", box.is_selected)
    press(d, "drain")
    until("Drain drains", lambda: state_of("s1") == "DRAIN")
    until("the page tells that it was done", lambda: "carried out" in d.find_element(By.ID, "say").text)
    until("the row shows it", lambda: badge(d, "s1") == "DRAIN")
    row(d, "s1").find_element(By.CSS_SELECTOR, "input[name=s]").click()
    press(d, "ready")
    until("Ready brings it back", lambda: state_of("s1") not in ("DRAIN", "MAINT"))
    press(d, "maint")
    until("an action without a server says so", lambda: "choose servers" in d.find_element(By.ID, "say").text)
    until("the page was not loaded again", lambda: d.execute_script("return window.mark") == 1)


def check_many(d):
    rows = "return [...document.querySelectorAll('#tables tbody tr:not(.sum)')].filter(r => !r.hidden).length"
    until("200 servers have rows", lambda: d.execute_script(rows) >= 200)
    find = d.find_element(By.CSS_SELECTOR, ".find")
    find.send_keys("many-17")
    until("the filter leaves those with the name", lambda: d.execute_script(rows) == 11)
    find.clear()
    find.send_keys(Keys.SPACE, Keys.BACKSPACE)
    until("... and lets them return", lambda: d.execute_script(rows) >= 200)
    until("the charts are drawn", lambda: d.find_elements(By.CSS_SELECTOR, ".chart svg path[d]"), 25)
    shot(d, "dashboard.png")


def check_width(d):
    d.set_window_size(390, 800)
    until("at the width of a phone only tables scroll sideways", lambda: d.execute_script(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
    shot(d, "dashboard-phone.png")
    d.set_window_size(1400, 900)


def check_log(d):
    bad = [e for e in d.get_log("browser") if e["level"] == "SEVERE"]
    until(f"the browser complains of nothing {bad if bad else ''}", lambda: not bad, 0.1)


def check_without_scripts():
    d = browser("--blink-settings=scriptEnabled=false")
    try:
        d.get(URL)
        until("without scripts the table is there", lambda: badge(d, "s1") is not None)
        row(d, "s1").find_element(By.CSS_SELECTOR, "input[name=s]").click()
        press(d, "maint")
        until("... and the buttons act", lambda: state_of("s1") == "MAINT")
        until("... and say so", lambda: "carried out" in d.find_element(By.ID, "say").text)
        command("set server app/s1 state ready")
    finally:
        d.quit()


def main():
    d = browser()
    try:
        check_live(d)
        check_actions(d)
        check_many(d)
        check_width(d)
        check_log(d)
        if SHOTS:
            d.execute_script("document.documentElement.dataset.theme = 'dark'")
            shot(d, "dashboard-dark.png")
    finally:
        d.quit()
    check_without_scripts()
    sys.exit(1 if failed else 0)


main()
