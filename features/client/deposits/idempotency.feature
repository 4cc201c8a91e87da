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

    Scenario: three deposits and two refunds
      Given a client that works with deposits
      Then no two operations have one idempotency key

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
        | creates a refund  | its answer is lost                             |

  @CLI-KEY-02 @must @observed
  Rule: what is left to the client

    Scenario Outline: after it <request>, and <trouble>
      Given a client that <request>, and <trouble>
      Then it is reported what it does next

      Examples:
        | request           | trouble                             |
        | creates a deposit | it is answered 500                  |
        | creates a deposit | it is answered 429                  |
        | creates a deposit | it is refused because of its date   |
        | creates a deposit | it is answered with a page of HTML  |
        | creates a deposit | its answer takes 10 seconds         |
