"""What leads write: the sentences from which a message is put together."""

__all__ = ["EXTRAS", "SENTENCES", "SLOTS"]

# A message is one sentence of its intent and often one that any lead might write. The words for
# money, courses and log-ins occur under every intent, so that no single word gives it away.
SENTENCES = {
    "pricing": (
        "What does {course} cost if I pay by the month?",
        "Could you send me the fees for {course} and for the plus plan?",
        "Is there a discount when {group} enrol together?",
        "My employer would pay for {course}; I need a quote with VAT.",
        "How many hours a week does {course} take, and when does the next group begin?",
        "Can I still join the group that starts in {month}?",
        "Please tell me how I can enrol in {course}.",
        "I would like to book a place in {course} for {month}. What are the next steps?",
        "Which plan fits if I want {course} and the certificate?",
        "Do you accept payment in instalments for {course}?",
        "I have compared you with two other schools; what would {course} come to in all?",
        "Ready to start in {month} if the price is right.",
    ),
    "looking": (
        "Just reading around, no plans yet.",
        "I am curious about {course}, perhaps for next year.",
        "I liked the free lesson on {topic}; nothing more for now.",
        "A friend mentioned you, so I had a look at {course}.",
        "Only wanted the free {topic} material, thank you.",
        "Not sure that I have the time for a course, let alone the price.",
        "Collecting ideas about {topic}. No need to call me.",
        "I may come back to {course} when work is calmer.",
        "Please send the newsletter, I do not want to enrol now.",
        "Do you have more free lessons like the one on {topic}?",
        "Thinking about a change some day; what do people do after {course}?",
        "I saw your stand and took the leaflet on {topic}.",
    ),
    "support": (
        "I cannot log in to the portal since {day}.",
        "The video of the lesson on {topic} stops after a minute.",
        "I paid for {course} and got no confirmation.",
        "How do I change the e-mail address of my account?",
        "The form says my entry could not be saved.",
        "Where do I find the invoice for {course}?",
        "My certificate for {course} has the wrong name on it.",
        "The price on my invoice is not the price on your page.",
        "I was charged twice in {month}; please give one payment back.",
        "The next lesson of {course} does not open on my phone.",
        "I would like to cancel the plus plan at the end of {month}.",
        "I enrolled in {course} on {day} and still see only the free lessons.",
    ),
    "job": (
        "Are you looking for teachers of {topic}?",
        "I have taught {topic} for years and would like to teach at your school.",
        "Please find attached my application as a tutor for {course}.",
        "Do you offer internships in {month}?",
        "Whom may I ask about open positions in the team?",
        "I could record a course on {topic} for you. What do you pay a lesson?",
        "Is the post of adviser that I saw on your page still open?",
        "I studied {topic} and am searching for part-time work.",
        "What does one earn as a tutor of {course}?",
        "I would be glad to join you; my CV is in the link.",
    ),
    "partner": (
        "We run a platform on {topic} and would like to offer {course} to our members.",
        "Our agency could bring you students; what commission do you pay?",
        "We would like to exchange links with your page on {topic}.",
        "Would you sponsor our meeting on {topic} in {month}?",
        "We sell software for schools and have a special price for you in {month}.",
        "I write about {topic} and would review {course} on my page.",
        "Let us talk about a cooperation between your school and our firm.",
        "We can improve your place in the search results at a fixed price a month.",
        "Our chamber collects courses for its members; may we list {course}?",
        "Do you have a reseller contract for {group}?",
    ),
}  # fmt: skip


EXTRAS = (
    "I work in {job}.",
    "I found you through the lesson on {topic}.",
    "You can reach me after {hour}.",
    "Thank you in advance.",
    "I have no earlier knowledge of {topic}.",
    "I have been to your webinar on {topic}.",
    "My time is short, so please answer by e-mail.",
    "Does that also hold for {course}?",
    "The price list that I have is from last year.",
    "I already have an account.",
    "I teach {topic} at a school myself.",
)


SLOTS = {
    "course": (
        "Data Analysis", "Python for Work", "Project Management", "Online Marketing",
        "Bookkeeping", "Web Design", "Business English", "the statistics course",
    ),
    "topic": (
        "spreadsheets", "Python", "charts", "project plans", "search engines", "accounts",
        "statistics", "layouts", "presentations",
    ),
    "month": ("September", "October", "January", "March", "May", "the summer"),
    "day": ("Monday", "Wednesday", "Friday", "yesterday", "the weekend"),
    "group": ("three of us", "five colleagues", "my team of eight", "two friends"),
    "job": ("logistics", "a hospital", "retail", "a town hall", "engineering", "a law firm"),
    "hour": ("four", "five", "six", "seven"),
}  # fmt: skip
