@client @deposits
Feature: A client can retry without doing it twice

  @DEP-HDR-06 @may @observed
  Rule: X-Idempotency-Key is not mandatory

    Scenario: whether there are keys
      Given a client that works with deposits
      Then everything that creates has an idempotency key

  @DEP-IDEM-03 @should
  Rule: a key asks for idempotency

    Scenario: a key on everything that creates
      Given a client that works with deposits
      Then everything that creates has an idempotency key

  @DEP-IDEM-06 @should
  Rule: the key is random, such as a version 4 UUID

    Scenario: keys cannot be guessed
      Given a client that works with deposits
      Then idempotency keys are random

  @DEP-IDEM-09 @should
  Rule: keys are not sent with GET and DELETE

    Scenario: keys stay away where they mean nothing
      Given a client that works with deposits
      Then GET and DELETE have no idempotency key

  @CLI-KEY-01 @must
  Rule: a key serves one operation and no other

    Scenario: all deposits and refunds
      Given a client that works with deposits
      Then no two operations have one idempotency key

    Scenario Outline: two starts of a client that <request>
      Given a client that <request>, and it is killed before its answer and started again
      Then no key of the first start comes back for another operation

      Examples:
        | request           |
        | creates a deposit |
        | creates a refund  |

    Scenario: two starts of a client that works
      Given a client that works with deposits
      Then no key of the first start comes back for another operation

  @CLI-KEY-02 @must
  Rule: a retry keeps its key and its body, and gets a fresh date and signature

    Scenario Outline: a client that <request>, and <trouble>
      Given a client that <request>, and <trouble>
      Then a retry has the same key and body, and a fresh date and signature

      Examples:
        | request           | trouble                                        |
        | creates a deposit | its answer is lost                             |
        | creates a deposit | half of its answer is lost                     |
        | creates a deposit | its connection breaks before it is carried out |
        | creates a deposit | its answer takes longer than it waits          |
        | creates a refund  | its answer is lost                             |
        | creates a refund  | half of its answer is lost                     |
        | creates a refund  | its connection breaks before it is carried out |
        | creates a refund  | its answer takes longer than it waits          |
        | creates a deposit | its connection breaks, and the retry is told that the key is in use |
        | creates a refund  | its connection breaks, and the retry is told that the key is in use |

    Scenario Outline: a client that <request> over HTTP/1.1, and <trouble>
      Given a client that <request> over HTTP/1.1, and <trouble>
      Then a retry has the same key and body, and a fresh date and signature

      Examples:
        | request           | trouble                                        |
        | creates a deposit | its answer is lost                             |
        | creates a deposit | half of its answer is lost                     |
        | creates a deposit | its connection breaks before it is carried out |
        | creates a deposit | its answer takes longer than it waits          |
        | creates a refund  | its answer is lost                             |
        | creates a refund  | half of its answer is lost                     |
        | creates a refund  | its connection breaks before it is carried out |
        | creates a refund  | its answer takes longer than it waits          |

    Scenario Outline: a client that <request> of about 60 KiB, and <trouble>
      Given a client that <request> of about 60 KiB, and <trouble>
      Then a retry has the same key and body, and a fresh date and signature

      Examples:
        | request           | trouble            |
        | creates a deposit | its answer is lost |
        | creates a refund  | its answer is lost |

    Scenario: every retry
      Given a client that works with deposits
      Then a retry has the same key and body, and a fresh date and signature

  @CLI-KEY-02 @must @observed
  Rule: what is left to the client

    Scenario Outline: after it <request>, and <trouble>
      Given a client that <request>, and <trouble>
      Then the report says what it does next

      Examples:
        | request                     | trouble                                          |
        | creates a deposit           | it is answered 500                               |
        | creates a deposit           | it is answered 429                               |
        | creates a deposit           | it is refused because of its date                |
        | creates a deposit           | it is answered with a page of HTML               |
        | creates a deposit           | its answer takes 10 seconds                      |
        | creates a refund            | it is answered 500                               |
        | creates a refund            | it is answered 429                               |
        | creates a refund            | it is refused because of its date                |
        | asks for a deposit's status | its answer is lost                               |
        | asks for a deposit's status | its answer takes longer than it waits            |
        | asks for a refund's status  | its answer is lost                               |
        | looks up payment methods    | its answer is lost                               |
        | looks up payment methods    | its answer takes longer than it waits            |
        | looks up exchange rates     | its answer is lost                               |
        | looks up banks              | its answer is lost                               |
        | looks up payment methods    | it is killed before its answer and started again |

    Scenario Outline: after it <request> over HTTP/1.1, and <trouble>
      Given a client that <request> over HTTP/1.1, and <trouble>
      Then the report says what it does next

      Examples:
        | request                     | trouble            |
        | asks for a deposit's status | its answer is lost |
        | asks for a refund's status  | its answer is lost |
        | looks up payment methods    | its answer is lost |
        | looks up exchange rates     | its answer is lost |
        | looks up banks              | its answer is lost |

  @DEP-IDEM-02 @should
  Rule: an order keeps its key when the client is started again

    Scenario: a deposit whose answer never came
      Given a client that creates a deposit, and it is killed before its answer and started again
      Then the same order is not made under a new key

  @DEP-IDEM-01 @must @observed
  Rule: as much is made as was ordered

    Scenario: deposits, whatever goes wrong
      Given a client that works with deposits
      Then the report says how many deposits were made of how many orders

    Scenario: refunds, whatever goes wrong
      Given a client that works with deposits
      Then the report says how many refunds were made of how many orders
