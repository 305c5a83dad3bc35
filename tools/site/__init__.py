"""The course as web pages: `python start.py site`.

`notebook` turns a notebook into a page, `pages` writes the pages that are made from the course's
own files, `links` keeps links between them alive, `build` puts all together and calls Sphinx.
What is written by hand (the landing page, the settings, the style) is in docs/site.
"""
