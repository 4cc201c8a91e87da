@client @cashouts
Feature: A client whose answer is lost does not pay twice

  # A cashout has no idempotency key. Its external_id is what makes a retry safe, and no page
  # demands it of a client: so it is reported, and nobody is blamed.

  @CASH-EXT-01 @must @observed
  Rule: a retry keeps the external_id

    Scenario: cashouts, whatever goes wrong
      Given a client that works with cashouts
      Then the report says how many cashouts were made of how many orders

    Scenario Outline: a client that <request>, and <trouble>
      Given a client that <request>, and <trouble>
      Then the report says whether a retry keeps the external_id

      Examples:
        | request                | trouble                                        |
        | creates a cashout      | its answer is lost                             |
        | creates a cashout      | half of its answer is lost                     |
        | creates a cashout      | its connection breaks before it is carried out |
        | creates a cashout      | its answer takes longer than it waits          |
        | puts a cashout on hold | its answer is lost                             |
        | puts a cashout on hold | half of its answer is lost                     |
        | puts a cashout on hold | its connection breaks before it is carried out |
        | puts a cashout on hold | its answer takes longer than it waits          |
        | cancels a cashout      | its answer is lost                             |
        | cancels a cashout      | half of its answer is lost                     |
        | cancels a cashout      | its connection breaks before it is carried out |
        | cancels a cashout      | its answer takes longer than it waits          |

    Scenario Outline: a client that <request> over HTTP/1.1, and <trouble>
      Given a client that <request> over HTTP/1.1, and <trouble>
      Then the report says whether a retry keeps the external_id

      Examples:
        | request                | trouble                                        |
        | creates a cashout      | its answer is lost                             |
        | creates a cashout      | half of its answer is lost                     |
        | creates a cashout      | its connection breaks before it is carried out |
        | creates a cashout      | its answer takes longer than it waits          |
        | puts a cashout on hold | its answer is lost                             |
        | puts a cashout on hold | half of its answer is lost                     |
        | puts a cashout on hold | its connection breaks before it is carried out |
        | puts a cashout on hold | its answer takes longer than it waits          |
        | cancels a cashout      | its answer is lost                             |
        | cancels a cashout      | half of its answer is lost                     |
        | cancels a cashout      | its connection breaks before it is carried out |
        | cancels a cashout      | its answer takes longer than it waits          |

    Scenario Outline: after it <request>, and <trouble>
      Given a client that <request>, and <trouble>
      Then the report says what it does next

      Examples:
        | request                     | trouble                                          |
        | asks for a cashout's status | its answer is lost                               |
        | asks for a cashout's status | its answer takes longer than it waits            |
        | asks for a cashout's status | it is answered 429                               |
        | creates a cashout           | it is answered 500                               |
        | creates a cashout           | it is answered 429                               |
        | creates a cashout           | it is killed before its answer and started again |
        | puts a cashout on hold      | it is answered 429                               |
        | cancels a cashout           | it is answered 429                               |

    Scenario Outline: after it <request> over HTTP/1.1, and <trouble>
      Given a client that <request> over HTTP/1.1, and <trouble>
      Then the report says what it does next

      Examples:
        | request                     | trouble            |
        | asks for a cashout's status | its answer is lost |
